// A stream's reader and writer in different hands: who drops one harms nobody, each can be asked,
// and a handler that is set late hears what stands.

#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
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

using StreamPtr = std::shared_ptr<Stream>;

// More than any window or buffer on the way.
constexpr std::size_t kMuch = 20 * 1000 * 1000;

}  // namespace

TEST_CASE("Stream halves: a reader that is dropped discards, and the writer goes on") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  const bool drop = GENERATE(true, false);
  if (drop) {
    its->take_reader();
  } else {
    its->reader().discard();
  }
  std::optional<std::error_code> received;
  its->on_received([&](const Error& how) { received = how.code(); });
  bool sent = false;
  mine->on_sent([&](const Error& how) { sent = !how; });
  CHECK_THAT(mine->write(Buffer(std::string(kMuch, 'x'))), IsSuccess());
  mine->close();
  REQUIRE(loop.run_until([&] { return sent && received; }));
  CHECK_FALSE(*received);
  CHECK(pair.server.connection->stats().held_bytes == 0);
  std::string answer;
  mine->on_data([&](Bytes bytes) { answer += text_of(bytes); });
  CHECK_THAT(its->write(Buffer::copy_of("still here")), IsSuccess());
  its->close();
  REQUIRE(loop.run_until([&, stream = mine] { return stream->is_closed(); }));
  CHECK(answer == "still here");
  REQUIRE(pair.close());
}

TEST_CASE("Stream halves: a reader that discards what was held lets the others go on") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.flow_control = session::FlowControl::kNone;
  options.session.limits.stream_buffer = 100 * 1000;
  SpdyPair pair(loop, test::patient_options(), options);
  const auto [unread, unread_there] = pair.stream();
  const auto [other, other_there] = pair.stream();
  CHECK_THAT(unread->write(Buffer(std::string(kMuch, 'x'))), IsSuccess());
  REQUIRE(loop.run_until([&] { return pair.server.connection->stats().held_bytes > 100 * 1000; }));
  std::string received;
  other_there->on_data([&](Bytes bytes) { received += text_of(bytes); });
  CHECK_THAT(other->write(Buffer::copy_of("not stopped")), IsSuccess());
  unread_there->take_reader();
  REQUIRE(loop.run_until([&] { return received == "not stopped"; }));
  CHECK(pair.server.connection->stats().held_bytes == 0);
  REQUIRE(pair.close());
}

TEST_CASE("Stream halves: a writer that is dropped resets behind what was written") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const StreamPtr stream = half.stream();
  std::optional<std::error_code> closed;
  stream->on_close([&](const Error& how) { closed = how.code(); });
  StreamWriter writer = stream->take_writer();
  CHECK_THAT(writer.write(Buffer::copy_of("not the whole")), IsSuccess());
  writer = StreamWriter();
  REQUIRE(loop.run_until([&] { return half.frames().size() >= 3; }));
  CHECK(half.frames() == Lines{"SYN_STREAM 1 {}", "DATA 1 'not the whole'", "RST_STREAM 1 CANCEL"});
  REQUIRE(loop.run_until([&] { return closed.has_value(); }));
  CHECK(*closed == Errc::kResetHere);
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Stream halves: a writer that is dropped behind its end takes nothing with it") {
  TestLoop loop;
  SpdyPair pair(loop);
  auto [mine, its] = pair.stream();
  std::string received;
  std::optional<std::error_code> ended;
  its->on_data([&](Bytes bytes) { received += text_of(bytes); });
  its->on_end([&](const Error& how) { ended = how.code(); });
  const std::string text = test::patterned_text(1000 * 1000);
  CHECK_THAT(mine->write(Buffer(text)), IsSuccess());
  mine->close();
  mine.reset();
  REQUIRE(loop.run_until([&] { return ended.has_value(); }));
  CHECK_FALSE(*ended);
  CHECK((received == text));
  REQUIRE(pair.close());
}

TEST_CASE("Stream halves: the last pointer to a stream takes the halves that it holds along") {
  TestLoop loop;
  SpdyPair pair(loop);
  auto [mine, its] = pair.stream();
  std::optional<std::error_code> ended;
  its->on_end([&](const Error& how) { ended = how.code(); });
  std::optional<StreamReader> reader;
  std::optional<StreamWriter> writer;
  SECTION("both") {}
  SECTION("the writer, the reader was taken") { reader = mine->take_reader(); }
  SECTION("the reader, the writer was taken") { writer = mine->take_writer(); }
  mine.reset();
  if (writer) {
    loop.run_turns(20);
    CHECK_FALSE(ended);
    writer->end();
  }
  REQUIRE(loop.run_until([&] { return ended.has_value(); }));
  CHECK(*ended == (writer ? std::error_code() : std::error_code(Errc::kStreamReset)));
  REQUIRE(pair.close());
}

TEST_CASE("Stream halves: a half that was taken is not the stream's to use any more") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  StreamReader reader = its->take_reader();
  StreamWriter writer = its->take_writer();
  CHECK_FALSE(its->take_reader());
  CHECK_FALSE(its->take_writer());
  int wrong = 0;
  std::string received;
  reader.on_data([&](Bytes bytes) { received += text_of(bytes); });
  its->on_data([&](Bytes) { ++wrong; });
  its->on_end([&](const Error&) { ++wrong; });
  its->pause();
  CHECK(its->write(Buffer::copy_of("x")).code() == Errc::kStreamClosed);
  CHECK_FALSE(its->writable());
  its->close();
  CHECK_THAT(mine->write(Buffer::copy_of("for the reader")), IsSuccess());
  REQUIRE(loop.run_until([&] { return received == "for the reader"; }));
  CHECK(writer.state() == HalfState::kOpen);
  CHECK(wrong == 0);
  REQUIRE(pair.close());
}

TEST_CASE("Stream halves: a paused reader hears of no end, whatever the end is, until it resumes") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  std::string received;
  std::optional<std::error_code> ended;
  its->on_data([&](Bytes bytes) { received += text_of(bytes); });
  its->on_end([&](const Error& how) { ended = how.code(); });
  its->pause();
  const bool with_data = GENERATE(true, false);
  if (with_data) CHECK_THAT(mine->write(Buffer::copy_of("unread")), IsSuccess());
  std::error_code expected;
  SECTION("in order") { mine->close(); }
  SECTION("a reset behind the data") {
    mine->writer().end_with_reset();
    expected = Errc::kStreamReset;
  }
  SECTION("the connection is lost") {
    loop.run_turns(20);
    pair.client.connection->abort();
    expected = Errc::kConnectionLost;
  }
  loop.run_turns(50);
  CHECK_FALSE(ended);
  CHECK(its->reader().state() == HalfState::kOpen);
  its->resume();
  REQUIRE(loop.run_until([&] { return ended.has_value(); }));
  CHECK(*ended == expected);
  CHECK(received == (with_data ? "unread" : ""));
  CHECK(its->reader().state() == (expected ? HalfState::kBroken : HalfState::kEnded));
  CHECK(its->reader().error().code() == expected);
  REQUIRE(pair.close());
}

TEST_CASE("Stream halves: a writer hears of a break at once, though the reader has paused") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  its->pause();
  std::optional<std::error_code> sent;
  its->on_sent([&](const Error& how) { sent = how.code(); });
  CHECK_THAT(mine->write(Buffer::copy_of("unread")), IsSuccess());
  REQUIRE(loop.run_until([&] { return pair.server.connection->stats().held_bytes > 0; }));
  std::error_code expected;
  SECTION("by a reset") {
    mine->reset();
    expected = Errc::kStreamReset;
  }
  SECTION("with the connection") {
    pair.client.connection->abort();
    expected = Errc::kConnectionLost;
  }
  REQUIRE(loop.run_until([&] { return sent.has_value(); }));
  CHECK(*sent == expected);
  CHECK(its->writer().state() == HalfState::kBroken);
  CHECK(its->write(Buffer::copy_of("x")).code() == Errc::kStreamClosed);
  its->reader().discard();
  REQUIRE(pair.close());
}

TEST_CASE("Stream halves: handlers that are set late hear from the loop what stands") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  its->on_data([](Bytes) {});
  mine->on_data([](Bytes) {});
  mine->close();
  its->close();
  REQUIRE(loop.run_until([&, a = mine, b = its] { return a->is_closed() && b->is_closed(); }));
  CHECK(mine->reader().state() == HalfState::kEnded);
  CHECK(mine->writer().state() == HalfState::kEnded);
  const bool gone = GENERATE(false, true);
  if (gone) REQUIRE(pair.close());
  test::OutsideCalls outside;
  std::vector<std::string> told;
  const auto hears = [&](const std::string& name) {
    return [&, name](const Error& how) {
      CHECK(outside.holds());
      CHECK_THAT(how, IsSuccess());
      told.push_back(name);
    };
  };
  outside.during([&, stream = mine] {
    stream->reader().on_end(hears("end"));
    stream->writer().on_sent(hears("sent"));
    stream->on_close(hears("close"));
  });
  CHECK(told.empty());
  REQUIRE(loop.run_until([&] { return told.size() == 3; }));
  CHECK(told == std::vector<std::string>{"sent", "end", "close"});
  loop.run_turns(5);
  CHECK(told.size() == 3);
  REQUIRE(pair.close());
}

TEST_CASE(
    "Stream halves: on_writable that is set while there is room is called once, by the loop") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  test::OutsideCalls outside;
  int told = 0;
  outside.during([&, stream = mine] {
    stream->on_writable([&] {
      CHECK(outside.holds());
      ++told;
    });
  });
  CHECK(told == 0);
  REQUIRE(loop.run_until([&] { return told > 0; }));
  loop.run_turns(20);
  CHECK(told == 1);
  REQUIRE(pair.close());
}

TEST_CASE("Stream halves: on_writable that is set behind a break is called once, by the loop") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  const StreamPtr stream = mine;
  const bool closed = GENERATE(true, false);
  if (!closed) {
    // What the reader holds keeps the stream.
    CHECK_THAT(its->write(Buffer::copy_of("unread")), IsSuccess());
    REQUIRE(loop.run_until([&] { return pair.client.connection->stats().held_bytes > 0; }));
  }
  its->reset();
  REQUIRE(loop.run_until([&] { return stream->writer().state() == HalfState::kBroken; }));
  REQUIRE(loop.run_until([&] { return stream->is_closed() == closed; }));
  test::OutsideCalls outside;
  int told = 0;
  outside.during([&] {
    stream->on_writable([&] {
      CHECK(outside.holds());
      CHECK(stream->write(Buffer::copy_of("x")));
      ++told;
    });
  });
  CHECK(told == 0);
  REQUIRE(loop.run_until([&] { return told > 0; }));
  loop.run_turns(20);
  CHECK(told == 1);
  stream->reader().discard();
  REQUIRE(pair.close());
  CHECK(told == 1);
}

TEST_CASE("Stream halves: a reader that pauses behind the end hears of it when it resumes") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  const StreamPtr stream = its;
  stream->on_data([](Bytes) {});
  mine->close();
  REQUIRE(loop.run_until([&] { return stream->reader().state() == HalfState::kEnded; }));
  const bool gone = GENERATE(false, true);
  if (gone) REQUIRE(pair.close());
  stream->pause();
  test::OutsideCalls outside;
  int told = 0;
  stream->on_end([&](const Error& how) {
    CHECK(outside.holds());
    CHECK_THAT(how, IsSuccess());
    ++told;
  });
  loop.run_turns(20);
  CHECK(told == 0);
  const bool resumes = GENERATE(true, false);
  outside.during([&] { resumes ? stream->resume() : stream->reader().discard(); });
  CHECK(told == 0);
  REQUIRE(loop.run_until([&] { return told > 0; }));
  REQUIRE(pair.close());
  CHECK(told == 1);
}

TEST_CASE("Stream halves: a writer that is dropped inside on_sent hears nothing more") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  auto writer = std::make_unique<StreamWriter>(mine->take_writer());
  int late = 0;
  writer->on_writable([&] { late += writer == nullptr; });
  writer->on_sent([&](const Error& how) {
    CHECK(how.code() == Errc::kStreamReset);
    writer.reset();
  });
  loop.run_turns(5);
  its->reset();
  REQUIRE(loop.run_until([&] { return writer == nullptr; }));
  loop.run_turns(5);
  CHECK(late == 0);
  REQUIRE(pair.close());
}

TEST_CASE("Stream halves: the last pointer to an unread stream of a lost connection frees all") {
  TestLoop loop;
  SpdyPair pair(loop);
  auto [mine, its] = pair.stream();
  const bool paused = GENERATE(true, false);
  if (paused) {
    its->on_data([](Bytes) { CHECK(false); });
    its->pause();
  }
  int closed = 0;
  its->on_close([&](const Error& how) {
    CHECK(how.code() == Errc::kConnectionLost);
    ++closed;
  });
  int connection_closed = 0;
  pair.server.connection->on_close([&](const Error&) { ++connection_closed; });
  CHECK_THAT(mine->write(Buffer(std::string(50 * 1000, 'x'))), IsSuccess());
  REQUIRE(loop.run_until([&] { return pair.server.connection->stats().held_bytes == 50 * 1000; }));
  pair.client.connection->abort();
  loop.run_turns(20);
  CHECK(closed == 0);
  its.reset();
  pair.server.streams.clear();
  REQUIRE(loop.run_out());
  CHECK(closed == 1);
  CHECK(connection_closed == 1);
}

TEST_CASE("Stream halves: empty handlers mean nobody, and what is handed to nobody is refused") {
  TestLoop loop;
  SpdyPair pair(loop);
  std::optional<std::error_code> reset;
  pair.server.on_new_stream = [&](StreamPtr stream, StreamDecision decision) {
    decision.on_reply_sent({});
    decision.accept();
    decision.on_reply_sent({});
    stream->on_data({});
    stream->on_writable({});
    stream->on_end([&](const Error& how) { reset = how.code(); });
    pair.server.streams.push_back(std::move(stream));
  };
  pair.client.connection->create_stream({}, {});
  pair.client.connection->ping({});
  pair.client.connection->on_goaway({});
  pair.client.connection->on_settings({});
  pair.client.connection->on_close({});
  REQUIRE(loop.run_until([&] { return reset.has_value(); }));
  CHECK(*reset == Errc::kStreamReset);
  REQUIRE(pair.close());
  pair.client.connection->create_stream({}, {});
  pair.client.connection->ping({});
  const std::vector<StreamPtr> none = {nullptr};
  pair.client.connection->remove_streams(none);
  REQUIRE(loop.run_out());
}

TEST_CASE("Stream halves: handlers keep their state, and may own what can only be moved") {
  TestLoop loop;
  SpdyPair pair(loop);
  int last = 0;
  pair.server.connection->on_new_stream([&last, calls = 0, own = std::make_unique<int>(1)](
                                            StreamPtr, StreamDecision decision) mutable {
    last = calls += *own;
    decision.reject();
  });
  int answered = 0;
  for (int i = 0; i < 3; ++i) {
    pair.client.connection->create_stream({}, [&](Result<StreamPtr> stream) {
      CHECK_FALSE(stream);
      ++answered;
    });
  }
  REQUIRE(loop.run_until([&] { return answered == 3; }));
  CHECK(last == 3);
  REQUIRE(pair.close());
}

TEST_CASE("Stream halves: what dies with a buffer may write, reset and abort") {
  // The owner of a written piece that goes on when the piece has left.
  struct Owner {
    std::function<void()> when_freed;
    ~Owner() { when_freed(); }
  };
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  its->on_data([](Bytes) {});
  const int what = GENERATE(0, 1, 2, 3);
  const bool by_reset = GENERATE(false, true);
  int freed = 0;
  static constexpr std::string_view kText = "0123456789";
  const StreamPtr stream = mine;
  for (int i = 0; i < 20; ++i) {
    auto owner = std::make_shared<Owner>();
    owner->when_freed = [&, stream, i] {
      ++freed;
      if (what == 0 && i < 10) {
        const Error ignored = stream->write(Buffer::copy_of("next"));
        CHECK((!ignored || ignored.code() == Errc::kStreamClosed));
      }
      if (what == 1) stream->reset();
      if (what == 2) pair.client.connection->abort();
      if (what == 3) stream->close();
    };
    const Error error = stream->write(Buffer(bytes_of(kText), owner));
    CHECK_THAT(error, IsSuccess());
  }
  if (by_reset) stream->reset();
  REQUIRE(loop.run_until([&] { return freed == 20; }));
  REQUIRE(pair.close());
}

TEST_CASE(
    "Stream halves: a direction that is over before its stream is there is told all the same") {
  TestLoop loop;
  SpdyPair pair(loop);
  session::CreateOptions options;
  options.fin = GENERATE(true, false);
  options.unidirectional = !options.fin;
  StreamPtr mine;
  pair.client.connection->create_stream({}, options, [&](Result<StreamPtr> stream) {
    CHECK_THAT(stream, IsSuccess());
    if (stream) mine = std::move(*stream);
  });
  REQUIRE(loop.run_until([&] { return mine && !pair.server.streams.empty(); }));
  bool told = false;
  const auto tell = [&told](const Error& how) { told = !how; };
  options.fin ? mine->on_sent(tell) : mine->on_end(tell);
  REQUIRE(loop.run_until([&] { return told; }));
  const HalfState state = options.fin ? mine->writer().state() : mine->reader().state();
  CHECK(state == HalfState::kEnded);
  pair.server.streams.front()->close();
  REQUIRE(pair.close());
}
