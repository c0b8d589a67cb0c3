// HEADERS in mid-stream (section 2.6.7), and FLAG_FIN on frames with headers.

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;

TEST_CASE("HEADERS keep their place among the data", "[session][headers]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, "before, ");
  client.write(id, "as one");
  CHECK_THAT(client.session.send_headers(id, {{"first", "1"}}), IsSuccess());
  CHECK_THAT(client.session.send_headers(id, {{"second", "2"}}), IsSuccess());
  client.write(id, "between");
  CHECK_THAT(client.session.send_headers(id, {{"third", "3"}}), IsSuccess());
  client.session.end(id);
  CHECK(client.sent() == Lines{"DATA 1 'before, as one'", "HEADERS 1 {first: 1}",
                               "HEADERS 1 {second: 2}", "DATA 1 'between'",
                               "HEADERS 1 {third: 3} FIN"});
  CHECK(client.told() == Lines{"on_sent 1 ok"});
}

TEST_CASE("FIN on HEADERS", "[session][headers]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  CHECK_THAT(client.session.send_headers(id, {{"last", "words"}}, true), IsSuccess());
  CHECK(error_text(client.session.send_headers(id, {})) == "kStreamClosed");
  CHECK(error_text(client.session.write(id, Buffer::copy_of("x"))) == "kStreamClosed");
  CHECK_FALSE(client.session.writable(id));
  CHECK(client.sent() == Lines{"HEADERS 1 {last: words} FIN"});
  CHECK(client.told() == Lines{"on_sent 1 ok"});
  CHECK(client.session.stream_stats(id)->state == session::StreamState::kHalfClosedLocal);
  client.receive_data(id, "", true);
  CHECK(client.told() == Lines{"on_received 1 ok", "on_stream_closed 1 ok"});
}

TEST_CASE("HEADERS wait for the SYN_REPLY, as data does", "[session][headers]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  CHECK_THAT(client.session.send_headers(id, {{"early", "1"}}), IsSuccess());
  client.write(id, "x");
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {}"});
  client.receive(wire::SynReplyFrame{.stream_id = id});
  CHECK(client.sent() == Lines{"HEADERS 1 {early: 1}", "DATA 1 'x'"});
}

TEST_CASE("a server's HEADERS go behind its SYN_REPLY", "[session][headers]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  CHECK_THAT(server.session.send_headers(1, {{"early", "1"}}, true), IsSuccess());
  CHECK(server.sent().empty());
  CHECK_THAT(server.session.reply(1, {{"accepted", "yes"}}), IsSuccess());
  CHECK(server.sent() == Lines{"SYN_REPLY 1 {accepted: yes}", "HEADERS 1 {early: 1} FIN"});
}

TEST_CASE("HEADERS that cannot be sent", "[session][headers]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  CHECK(error_text(client.session.send_headers(99, {})) == "kNoSuchStream");
  Error error = client.session.send_headers(id, {{"", "no name"}});
  CHECK(error.code().category() == wire::category());
  client.write(id, "goes on");
  CHECK(client.sent() == Lines{"DATA 1 'goes on'"});
  client.session.end(id);
  CHECK(error_text(client.session.send_headers(id, {})) == "kStreamClosed");
  // A stream that was created with FIN takes none either.
  const auto done = client.create({}, {.fin = true});
  CHECK(error_text(client.session.send_headers(done, {})) == "kStreamClosed");
}

TEST_CASE("header blocks leave in the order in which they were compressed", "[session][headers]") {
  // One compression state serves all of them: any other order would not decode.
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  Lines lines;
  for (int round = 0; round < 20; ++round) {
    client.write(id, patterned_text(20000));
    CHECK_THAT(client.session.send_headers(id, {{"round", std::to_string(round)}}), IsSuccess());
    client.write(id, patterned_text(300 * 1000));
    const std::size_t size = joined(client.session.output()).size();
    // While that batch is under way:
    client.create({{"created-in", std::to_string(round)}});
    const std::vector<std::uint8_t> batch = joined(client.session.output());
    REQUIRE(batch.size() == size);
    client.output_sent(batch.size());
    for (const std::string& line : client.read_lines(batch)) lines.push_back(line);
  }
  for (const std::string& line : client.sent()) lines.push_back(line);
  std::size_t blocks = 0;
  for (const std::string& line : lines) {
    CHECK_FALSE(line.starts_with("UNDECODABLE"));
    blocks += line.starts_with("HEADERS") || line.starts_with("SYN_STREAM");
  }
  CHECK(blocks == 40);
  CHECK(client.sent_payload(id).size() == 20 * 320000);
}

TEST_CASE("HEADERS of the peer's are told, held data or not", "[session][headers]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, "held");
  client.receive(wire::HeadersFrame{.stream_id = id, .headers = {{"a", "b"}}});
  CHECK(client.told() == Lines{"on_headers 1 {a: b}"});
  client.session.resume(id);
  CHECK(client.told() == Lines{"on_data 1 'held'"});
  client.receive(wire::HeadersFrame{.stream_id = id, .fin = true, .headers = {{"c", "d"}}});
  CHECK(client.told() == Lines{"on_headers 1 {c: d}", "on_received 1 ok"});
}

TEST_CASE("FIN on the SYN_REPLY that we send", "[session][headers]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  server.told();
  SECTION("with nothing to say") {
    CHECK_THAT(server.session.reply(1, {}, true), IsSuccess());
    CHECK(server.sent() == Lines{"SYN_REPLY 1 {} FIN"});
  }
  SECTION("behind what was written") {
    server.write(1, "all");
    CHECK_THAT(server.session.reply(1, {}, true), IsSuccess());
    CHECK(server.sent() == Lines{"SYN_REPLY 1 {}", "DATA 1 'all' FIN"});
  }
  SECTION("when the stream was closed for writing before") {
    server.session.end(1);
    CHECK_THAT(server.session.reply(1, {}, true), IsSuccess());
    CHECK(server.sent() == Lines{"SYN_REPLY 1 {}", "DATA 1 '' FIN"});
  }
  CHECK(error_text(server.session.write(1, Buffer::copy_of("x"))) == "kStreamClosed");
  CHECK(server.told() == Lines{"on_reply_sent 1", "on_sent 1 ok"});
  server.receive_data(1, "", true);
  CHECK(server.told() == Lines{"on_received 1 ok", "on_stream_closed 1 ok"});
}

TEST_CASE("FIN on a SYN_REPLY that the peer resets meanwhile", "[session][headers]") {
  SessionDriver server(Role::kServer);
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  CHECK_THAT(server.session.reply(1, {}, true), IsSuccess());
  const bool in_batch = GENERATE(false, true);
  const std::size_t size = in_batch ? joined(server.session.output()).size() : 0;
  server.receive(wire::RstStreamFrame{1, wire::RstStatus::kCancel});
  if (in_batch) server.output_sent(size);
  server.sent();
  CHECK(server.told().back() == "on_stream_closed 1 kStreamReset");
  CHECK(server.told().empty());
  CHECK(server.session.stream_count() == 0);
}

TEST_CASE("FIN on the peer's SYN_REPLY", "[session][headers]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  client.write(id, "the question");
  client.sent();
  client.receive(wire::SynReplyFrame{.stream_id = id, .fin = true});
  CHECK(client.told() == Lines{"on_reply 1 {}", "on_received 1 ok"});
  client.session.end(id);
  CHECK(client.sent() == Lines{"DATA 1 'the question' FIN"});
  CHECK(client.told() == Lines{"on_sent 1 ok", "on_stream_closed 1 ok"});
}

}  // namespace
}  // namespace uvspdy::test
