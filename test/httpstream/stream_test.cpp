#include "uvspdy/httpstream/stream.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/half_pair.h"
#include "support/outside_calls.h"
#include "support/patterned_text.h"
#include "support/spdy_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/connection.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using session::Errc;
using test::HalfPair;
using test::IsSuccess;
using test::Lines;
using test::SpdyPair;
using test::TestLoop;

namespace {

/// What a stream's handlers were told, in order; data is joined.
struct Reader {
  std::vector<std::string> told;
  std::string data;
  std::optional<Error> ended;
  std::optional<Error> closed;

  explicit Reader(Stream& stream) {
    stream.on_data([this](Bytes bytes) {
      if (told.empty() || told.back() != "data") told.push_back("data");
      data += text_of(bytes);
    });
    stream.on_end([this](const Error& how) {
      told.push_back("end");
      ended = how;
    });
    stream.on_close([this](const Error& error) {
      told.push_back("close");
      closed = error;
    });
  }
};

using Told = std::vector<std::string>;

}  // namespace

TEST_CASE("Stream: each direction ends by itself, on_end before on_close, success in the end") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  Reader here(*mine);
  Reader there(*its);
  CHECK_THAT(mine->write(Buffer::copy_of("question")), IsSuccess());
  mine->close();
  REQUIRE(loop.run_until([&] { return !there.told.empty() && there.told.back() == "end"; }));
  CHECK(there.told == Told{"data", "end"});
  CHECK(there.data == "question");
  CHECK_FALSE(its->is_closed());

  // Reading goes on behind one's own close.
  CHECK(mine->write(Buffer::copy_of("more")).code() == Errc::kStreamClosed);
  mine->close();  // harmless
  CHECK_FALSE(mine->writable());
  CHECK_THAT(its->write(Buffer::copy_of("answer")), IsSuccess());
  its->close();
  REQUIRE(loop.run_until([&] { return here.closed && there.closed; }));
  CHECK(here.told == Told{"data", "end", "close"});
  CHECK(here.data == "answer");
  CHECK_THAT(*here.closed, IsSuccess());
  CHECK(there.told == Told{"data", "end", "close"});
  CHECK_THAT(*there.closed, IsSuccess());
  CHECK(mine->is_closed());
  CHECK(its->is_closed());
  REQUIRE(pair.close());
}

TEST_CASE("Stream: an end without any data, from both sides at once") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  Reader here(*mine);
  Reader there(*its);
  mine->close();
  its->close();
  REQUIRE(loop.run_until([&] { return here.closed && there.closed; }));
  CHECK(here.told == Told{"end", "close"});
  CHECK(there.told == Told{"end", "close"});
  REQUIRE(pair.close());
}

TEST_CASE("Stream: reset tells both sides, each in its way, and drops what was queued") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  Reader here(*mine);
  Reader there(*its);
  CHECK_THAT(its->write(Buffer::copy_of("dropped on arrival")), IsSuccess());
  CHECK_THAT(mine->write(Buffer(std::string(10 * 1000 * 1000, 'x'))), IsSuccess());
  mine->reset();
  CHECK(here.told.empty());
  mine->reset();  // harmless
  CHECK(mine->write(Buffer::copy_of("x")).code() == Errc::kStreamClosed);
  mine->close();  // harmless
  CHECK_FALSE(mine->writable());
  REQUIRE(loop.run_until([&] { return here.closed && there.closed; }));
  CHECK(here.told == Told{"end", "close"});
  CHECK(here.ended->code() == Errc::kResetHere);
  CHECK(here.closed->code() == Errc::kResetHere);
  CHECK(there.told == Told{"end", "close"});
  CHECK(there.ended->code() == Errc::kStreamReset);
  CHECK(there.closed->code() == Errc::kStreamReset);
  CHECK(there.closed->message().find("CANCEL") != std::string::npos);
  CHECK(pair.client.connection->stats().queued_bytes == 0);
  REQUIRE(pair.close());
}

TEST_CASE("Stream: reset with a status of one's choice") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const auto stream = half.stream();
  stream->reset(wire::RstStatus::kInternalError);
  REQUIRE(loop.run_until([&] { return half.frames().size() >= 2; }));
  CHECK(half.frames() == Lines{"SYN_STREAM 1 {}", "RST_STREAM 1 INTERNAL_ERROR"});
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Stream: what arrived before the peer's reset is delivered, then on_end says why") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const auto stream = half.stream();
  std::string all(text_of(half.writer.data(1, "before")));
  all += text_of(half.writer.bytes(
      wire::RstStreamFrame{.stream_id = 1, .status = wire::RstStatus::kInternalError}));
  all += text_of(half.writer.data(1, "behind"));
  half.peer->send(all);
  const bool late = GENERATE(false, true);
  std::optional<Reader> reader;
  if (!late) reader.emplace(*stream);
  half.send(wire::PingFrame{2});
  REQUIRE(loop.run_until([&] { return half.frames().back() == "PING 2"; }));
  if (late) {
    CHECK_FALSE(stream->is_closed());  // its data has not been taken
    reader.emplace(*stream);
  }
  REQUIRE(loop.run_until([&] { return reader->closed.has_value(); }));
  CHECK(reader->told == Told{"data", "end", "close"});
  CHECK(reader->ended->code() == Errc::kStreamReset);
  CHECK(reader->data == "before");
  CHECK(reader->closed->code() == Errc::kStreamReset);
  CHECK(reader->closed->message().find("INTERNAL_ERROR") != std::string::npos);
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Stream: a frame that breaks its rules is a reset of this stream alone") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const auto broken = half.stream(1);
  const auto other = half.stream(3);
  Reader broken_reader(*broken);
  Reader other_reader(*other);
  half.peer->send(half.writer.data(1, "all", true));
  half.peer->send(half.writer.data(1, "behind the end"));
  half.peer->send(half.writer.data(3, "fine"));
  REQUIRE(loop.run_until([&] { return broken_reader.closed && other_reader.data == "fine"; }));
  CHECK(broken_reader.told == Told{"data", "end", "close"});
  CHECK(broken_reader.data == "all");
  CHECK(broken_reader.closed->code() == Errc::kProtocolError);
  REQUIRE(loop.run_until([&] { return half.frames().size() >= 3; }));
  CHECK(half.frames().back() == "RST_STREAM 1 STREAM_ALREADY_CLOSED");
  CHECK_FALSE(other->is_closed());
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Stream: on_sent comes when the FIN and all before it has gone out") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const auto stream = half.stream();
  half.peer->stop_reading();
  constexpr std::size_t kSize = 64 * 1024 * 1024;  // more than the buffers on the way take
  test::OutsideCalls outside;
  int sent = 0;
  outside.during([&] {
    stream->on_sent([&](const Error& how) {
      CHECK(outside.holds());
      CHECK_THAT(how, IsSuccess());
      ++sent;
    });
    CHECK_THAT(stream->write(Buffer(std::string(kSize, 'x'))), IsSuccess());
    stream->close();
  });
  loop.run_turns(20);
  CHECK(sent == 0);  // it cannot have left: the peer does not read
  half.peer->start_reading();
  REQUIRE(loop.run_until([&] { return sent > 0; }));
  REQUIRE(loop.run_until([&] { return half.peer->received().size() > kSize; }));
  loop.run_turns(5);
  CHECK(half.frames().back().ends_with(" FIN"));
  half.connection->abort();
  half.peer->close();
  REQUIRE(loop.run_out());
  CHECK(sent == 1);
}

TEST_CASE("Stream: on_sent says why not all has left when the stream ends otherwise") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  std::vector<std::error_code> sent;
  mine->on_sent([&](const Error& how) { sent.push_back(how.code()); });
  std::error_code why;
  CHECK_THAT(mine->write(Buffer(std::string(64 * 1024 * 1024, 'x'))), IsSuccess());
  mine->close();
  SECTION("by a reset here") {
    mine->reset();
    why = Errc::kResetHere;
  }
  SECTION("by a reset there") {
    its->reset();
    why = Errc::kStreamReset;
  }
  SECTION("with the connection") {
    pair.client.connection->abort();
    why = Errc::kConnectionClosed;
  }
  REQUIRE(loop.run_until([&, stream = mine] { return stream->is_closed(); }));
  REQUIRE(pair.close());
  CHECK(sent == std::vector{why});
}

TEST_CASE("Stream: HEADERS frames in mid-stream are told, to a paused reader too") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const auto stream = half.stream();
  std::vector<Headers> told;
  stream->on_headers([&](const Headers& headers) { told.push_back(headers); });
  half.peer->send(half.writer.data(1, "held"));
  half.send(wire::HeadersFrame{.stream_id = 1, .headers = {{"a", "1"}}});
  half.send(wire::HeadersFrame{.stream_id = 1, .headers = {{"b", "2"}}});
  REQUIRE(loop.run_until([&] { return told.size() == 2; }));
  CHECK(told[0] == Headers{{"a", "1"}});
  CHECK(told[1] == Headers{{"b", "2"}});
  half.connection->abort();
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Stream: a handler may replace itself, and each other one, while it runs") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  std::string first;
  std::string second;
  bool ended = false;
  int replaced = 0;
  const auto token = std::make_shared<std::string>("first ");
  const auto stream = its;
  its->on_end([&](const Error&) { ++replaced; });
  its->on_data([&, stream, token](Bytes bytes) {
    stream->on_data([&](Bytes more) { second += text_of(more); });
    stream->on_end([&](const Error&) { ended = true; });
    first = *token + std::string(text_of(bytes));  // the running handler is still there
  });
  CHECK_THAT(mine->write(Buffer::copy_of("one")), IsSuccess());
  REQUIRE(loop.run_until([&] { return !first.empty(); }));
  CHECK(first == "first one");
  CHECK(token.use_count() == 1);
  CHECK_THAT(mine->write(Buffer::copy_of("two")), IsSuccess());
  mine->close();
  REQUIRE(loop.run_until([&] { return ended; }));
  CHECK(second == "two");
  CHECK(replaced == 0);
  REQUIRE(pair.close());
}

TEST_CASE("Stream: dropped by its user it goes on, and its handlers are freed when it closes") {
  TestLoop loop;
  SpdyPair pair(loop);
  auto [mine, its] = pair.stream();
  std::string received;
  const auto token = std::make_shared<int>(0);
  mine->on_data([&received, token, held = mine](Bytes bytes) { received += text_of(bytes); });
  mine->on_end([token, held = mine](const Error&) { held->close(); });
  mine->on_close([token, held = mine](const Error&) {});
  mine->on_writable([token, held = mine] {});
  mine->on_sent([token, held = mine](const Error&) {});
  mine->on_headers([token, held = mine](const Headers&) {});
  const std::weak_ptr<Stream> weak = mine;
  mine.reset();
  CHECK_THAT(its->write(Buffer::copy_of("still read")), IsSuccess());
  its->close();
  // The handlers held the stream, and the stream its handlers: the end breaks that.
  REQUIRE(loop.run_until([&] { return weak.expired(); }));
  CHECK(received == "still read");
  CHECK(token.use_count() == 1);
  REQUIRE(pair.close());
}
