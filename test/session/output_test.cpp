// What leaves the session: frames gathered into spans, and the transport that takes them in parts.

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;

TEST_CASE("payload travels as the caller's own memory, gathered under one head",
          "[session][output]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  const std::vector<std::string> pieces = {"one ", "two ", "three"};
  for (const std::string& piece : pieces) {
    CHECK_THAT(client.session.write(id, Buffer(bytes_of(piece), nullptr)), IsSuccess());
  }
  client.session.end(id);
  const std::span<const Bytes> spans = client.session.output();
  REQUIRE(spans.size() == 4);
  CHECK(spans[0].size() == wire::kFrameHeadSize);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    CHECK(spans[i + 1].data() == bytes_of(pieces[i]).data());
    CHECK(spans[i + 1].size() == pieces[i].size());
  }
  CHECK(client.sent() == Lines{"DATA 1 'one two three' FIN"});
}

TEST_CASE("any number of small buffers arrives whole", "[session][output]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  const std::size_t count = GENERATE(250u, 254u, 255u, 256u, 257u, 5000u);
  const std::string text = patterned_text(count);
  for (std::size_t i = 0; i < count; ++i) client.write(id, std::string_view(text).substr(i, 1));
  const Lines sent = client.sent();
  CHECK(client.sent_payload(id) == text);
  CHECK(sent.size() <= 1 + count / 100);  // far fewer frames than buffers
}

TEST_CASE("the FINs of any number of streams leave together", "[session][output]") {
  SessionDriver client(Role::kClient);
  const int count = GENERATE(100, 128, 129, 254, 255, 256, 257, 1000);
  std::vector<wire::StreamId> ids;
  for (int i = 0; i < count; ++i) ids.push_back(client.create_accepted());
  Lines expected;
  for (const wire::StreamId id : ids) {
    client.session.end(id);
    expected.push_back("DATA " + std::to_string(id) + " '' FIN");
  }
  CHECK(client.sent() == expected);
}

TEST_CASE("one byte on each of many streams leaves together", "[session][output]") {
  SessionDriver client(Role::kClient);
  const int count = GENERATE(127, 128, 129, 1000);
  std::vector<wire::StreamId> ids;
  for (int i = 0; i < count; ++i) ids.push_back(client.create_accepted());
  Lines expected;
  for (const wire::StreamId id : ids) {
    client.write(id, "x");
    expected.push_back("DATA " + std::to_string(id) + " 'x'");
  }
  CHECK(client.sent() == expected);
}

TEST_CASE("output stays the same until all of it is taken", "[session][output]") {
  SessionDriver server(Role::kServer);
  server.accept({.stream_id = 1});
  server.write(1, patterned_text(100));
  const std::span<const Bytes> first = server.session.output();
  const std::vector<Bytes> spans(first.begin(), first.end());
  const std::vector<std::uint8_t> bytes = joined(first);

  // Things that matter more queue up behind it meanwhile, and its stream ends.
  server.receive(wire::PingFrame{1});
  server.write(1, patterned_text(200));
  server.create();
  server.session.reset(1, wire::RstStatus::kCancel);
  server.turn();

  const std::span<const Bytes> again = server.session.output();
  REQUIRE(again.size() == spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    CHECK(again[i].data() == spans[i].data());
    CHECK(again[i].size() == spans[i].size());
  }
  CHECK(joined(again) == bytes);
  CHECK(server.sent() ==
        Lines{"DATA 1 100 bytes", "PING 1", "RST_STREAM 1 CANCEL", "SYN_STREAM 2 {}"});
}

// A server with something of everything to send.
void queue_everything(SessionDriver& server) {
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  CHECK_THAT(server.session.reply(1, {{"a", "b"}}), IsSuccess());
  server.create({{"c", "d"}});
  server.receive(wire::PingFrame{1});
  server.write(1, "some data");
  server.write(1, "and more");
  server.receive(wire::SynStreamFrame{.stream_id = 3, .priority = 2});
  CHECK_THAT(server.session.reply(3, {}), IsSuccess());
  server.write(3, patterned_text(30));
  server.session.end(3);
}

TEST_CASE("a transport may take the output in any two parts", "[session][output]") {
  SessionDriver reference(Role::kServer);
  queue_everything(reference);
  const std::vector<std::uint8_t> all = reference.take_output();
  REQUIRE(all.size() > 100);

  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    INFO("cut at " << cut);
    SessionDriver server(Role::kServer);
    queue_everything(server);
    const std::vector<std::uint8_t> offered = joined(server.session.output());
    REQUIRE(offered == all);
    server.output_sent(cut);
    const std::vector<std::uint8_t> rest = server.take_output();
    CHECK(rest ==
          std::vector<std::uint8_t>(all.begin() + static_cast<std::ptrdiff_t>(cut), all.end()));
    CHECK_FALSE(server.session.has_output());
    CHECK(server.session.stats().bytes_sent == all.size());
  }
}

TEST_CASE("a transport may take one byte at a time", "[session][output]") {
  SessionDriver reference(Role::kServer);
  queue_everything(reference);
  const std::vector<std::uint8_t> all = reference.take_output();

  SessionDriver server(Role::kServer);
  queue_everything(server);
  std::vector<std::uint8_t> taken;
  while (server.session.has_output()) {
    const std::span<const Bytes> spans = server.session.output();
    REQUIRE_FALSE(spans.empty());
    REQUIRE_FALSE(spans.front().empty());
    taken.push_back(spans.front().front());
    server.output_sent(1);
  }
  CHECK(taken == all);
  CHECK(server.session.output().empty());
}

TEST_CASE("taking nothing changes nothing", "[session][output]") {
  SessionDriver client(Role::kClient);
  client.output_sent(0);
  client.create();
  client.output_sent(0);
  CHECK(client.session.has_output());
  CHECK(client.sent() == Lines{"SYN_STREAM 1 {}"});
  client.output_sent(0);
  CHECK(client.sent().empty());
}

TEST_CASE("bytes that the transport had when the session ended may still be reported",
          "[session][output]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, patterned_text(100));
  const std::size_t size = joined(client.session.output()).size();
  SECTION("by an abort") { client.session.abort(Error(session::Errc::kConnectionClosed, "gone")); }
  SECTION("by the end of the connection") { client.receive_end(); }
  client.output_sent(size);
  CHECK(client.session.output().empty());
  CHECK_FALSE(client.session.has_output());
  CHECK(client.session.finished());
}

TEST_CASE("on_sent comes when the FIN and all before it are with the transport",
          "[session][output]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, patterned_text(100));
  client.session.end(id);
  CHECK(client.told().empty());
  const std::size_t size = joined(client.session.output()).size();
  client.output_sent(size - 1);
  CHECK(client.told().empty());
  client.output_sent(1);
  CHECK(client.told() == Lines{"on_sent 1 ok"});
}

TEST_CASE("what is written after on_sent goes behind that FIN", "[session][output]") {
  // The end of an exec: output and its FIN first, then the status on a stream that matters more.
  SessionDriver client(Role::kClient);
  const auto out = client.create_accepted({.priority = 7});
  const auto status = client.create_accepted({.priority = 0});
  client.handler.during = [&](std::string_view name, wire::StreamId id) {
    if (name == "on_sent" && id == out) client.write(status, "status");
  };
  client.write(out, patterned_text(100000));
  client.session.end(out);
  Lines sent;
  for (int i = 0; i < 10; ++i) {
    const Lines more = client.sent();
    sent.insert(sent.end(), more.begin(), more.end());
    client.turn();
  }
  REQUIRE(sent.size() == 8);
  CHECK(sent[6] == "DATA 1 1696 bytes FIN");
  CHECK(sent[7] == "DATA 3 'status'");
}

TEST_CASE("stats count what goes through", "[session][output]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create({{"a", "b"}});
  CHECK(client.session.stats().streams == 1);
  const std::vector<std::uint8_t> syn = client.take_output();
  CHECK(client.session.stats().frames_sent == 1);
  CHECK(client.session.stats().bytes_sent == syn.size());
  client.receive(wire::SynReplyFrame{.stream_id = id});
  client.receive_data(id, "0123456789");
  const session::Stats stats = client.session.stats();
  CHECK(stats.frames_received == 2);
  CHECK(stats.bytes_received > 8 + 8 + 10);
  CHECK(stats.held_bytes == 0);
  client.write(id, "0123456789");
  CHECK(client.session.stats().queued_bytes == 10);
  CHECK(client.take_output().size() == 18);
  CHECK(client.session.stats().queued_bytes == 0);
  CHECK(client.session.stats().frames_sent == 2);
  CHECK(client.session.stats().bytes_sent == syn.size() + 18);
}

TEST_CASE("bytes count as queued until the transport has them", "[session][output]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  client.write(id, patterned_text(100));
  const std::size_t size = joined(client.session.output()).size();
  CHECK(client.session.stats().queued_bytes == 100);
  client.output_sent(size);
  CHECK(client.session.stats().queued_bytes == 0);
}

}  // namespace
}  // namespace uvspdy::test
