// co::Stream: how it ends, for those that write, close, or have dropped it.

#include <optional>
#include <string>
#include <utility>

#include "httpstream/stream_tasks.h"
#include "support/coroutine_pair.h"
#include "support/outside_calls.h"
#include "support/patterned_text.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::AllRead;
using test::close;
using test::closed;
using test::CoroutineStreams;
using test::IsSuccess;
using test::OutsideCalls;
using test::read_all;
using test::TestLoop;
using test::write;

TEST_CASE("co::Stream: writers and closers hear of an end that a reader keeps waiting") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.limits.write_high_water = 1;
  CoroutineStreams pair(loop, options);
  co::TaskGroup tasks(loop.get());
  std::optional<Error> first;
  std::optional<Error> waiting;
  tasks.spawn(write(*pair.near, std::string(std::size_t{1024} * 1024, 'x'), first));
  REQUIRE(loop.run_until([&] { return first.has_value(); }));
  const bool closes = GENERATE(false, true);
  if (closes) {
    tasks.spawn(close(*pair.near, waiting));
  } else {
    tasks.spawn(write(*pair.near, "y", waiting));
  }
  std::optional<Error> answered;
  tasks.spawn(write(*pair.far, "unread", answered));
  REQUIRE(loop.run_until([&] { return pair.client->get()->stats().held_bytes > 0; }));
  CHECK_FALSE(waiting);
  pair.server->get()->abort();
  REQUIRE(loop.run_until([&] { return waiting.has_value(); }));
  CHECK(waiting->code() == session::Errc::kConnectionLost);
  // What came is still there.
  std::optional<AllRead> all;
  tasks.spawn(read_all(*pair.near, all));
  REQUIRE(loop.run_until([&] { return all.has_value(); }));
  CHECK(all->text == "unread");
  CHECK(all->error.code() == session::Errc::kConnectionLost);
  REQUIRE(pair.drop(loop));
}

TEST_CASE_METHOD(test::StreamsTest,
                 "co::Stream: a write to a stream that has ended unread fails at once") {
  std::optional<Error> answered;
  tasks.spawn(write(*pair.far, "unread", answered));
  REQUIRE(loop.run_until([&] { return pair.client->get()->stats().held_bytes > 0; }));
  std::error_code expected;
  SECTION("the peer resets") {
    pair.far->reset();
    expected = session::Errc::kStreamReset;
  }
  SECTION("the connection is lost") {
    pair.server->get()->abort();
    expected = session::Errc::kConnectionLost;
  }
  REQUIRE(loop.run_until([&] { return pair.near->is_broken(); }));
  std::optional<Error> late;
  tasks.spawn(write(*pair.near, "late", late));
  REQUIRE(loop.run_until([&] { return late.has_value(); }));
  CHECK(late->code() == expected);
  std::optional<AllRead> all;
  tasks.spawn(read_all(*pair.near, all));
  REQUIRE(loop.run_until([&] { return all.has_value(); }));
  CHECK(all->text == "unread");
  CHECK(all->error.code() == expected);
  REQUIRE(pair.drop(loop));
}

TEST_CASE_METHOD(test::StreamsTest,
                 "co::Stream: a write to a stream that was half-closed before it was taken over") {
  const std::shared_ptr<Stream> stream = pair.near->release();
  bool end_sent = false;
  stream->on_sent([&](const Error&) { end_sent = true; });
  stream->close();
  REQUIRE(loop.run_until([&] { return end_sent; }));
  pair.near.emplace(stream);
  std::optional<Error> late;
  tasks.spawn(write(*pair.near, "late", late));
  REQUIRE(loop.run_until([&] { return late.has_value(); }));
  CHECK(late->code() == session::Errc::kStreamClosed);
  REQUIRE(pair.drop(loop));
}

TEST_CASE_METHOD(test::StreamsTest,
                 "co::Stream: dropped before close it is reset, behind close nothing is lost") {
  std::optional<AllRead> all;
  tasks.spawn(read_all(*pair.far, all));
  std::optional<Error> written;
  tasks.spawn(write(*pair.near, "all of it", written));
  REQUIRE(loop.run_until([&] { return written.has_value(); }));
  const bool closes = GENERATE(false, true);
  {
    co::TaskGroup closing(loop.get());
    std::optional<Error> end;
    if (closes) closing.spawn(close(*pair.near, end));
    if (closes) REQUIRE(loop.run_until([&] { return end.has_value(); }));
  }
  pair.near.reset();
  REQUIRE(loop.run_until([&] { return all.has_value(); }));
  if (closes) {
    CHECK(all->text == "all of it");
    CHECK_THAT(all->error, IsSuccess());
    // Nobody reads on that side, and nobody has to: more than a window is thrown away.
    std::optional<Error> back;
    std::optional<Error> end;
    tasks.spawn(write(*pair.far, std::string(std::size_t{1024} * 1024, 'x'), back));
    tasks.spawn(close(*pair.far, end));
    REQUIRE(loop.run_until([&] { return back && end; }));
    CHECK_THAT(*end, IsSuccess());
  } else {
    CHECK(all->error.code() == session::Errc::kStreamReset);
  }
  REQUIRE(pair.drop(loop));
}

TEST_CASE_METHOD(test::StreamsTest,
                 "co::Stream: dropped before close, what was written leaves ahead of the reset") {
  const std::string text = test::patterned_text(500000);  // more than the window
  std::optional<Error> written;
  tasks.spawn(write(*pair.near, text, written));
  REQUIRE(loop.run_until([&] { return written.has_value(); }));
  pair.near.reset();
  loop.run_turns(20);
  std::optional<AllRead> all;
  tasks.spawn(read_all(*pair.far, all));
  REQUIRE(loop.run_until([&] { return all.has_value(); }));
  CHECK(all->text == text);
  CHECK(all->error.code() == session::Errc::kStreamReset);
  REQUIRE(pair.drop(loop));
}

TEST_CASE_METHOD(test::StreamsTest, "co::Stream: whatever is done with get(), it goes on") {
  std::optional<AllRead> all;
  std::optional<Error> over;
  const std::shared_ptr<Stream> stream = pair.far->get();
  const auto meddle = [&] {
    stream->on_data([](Bytes) { CHECK(false); });
    stream->on_end([](const Error&) { CHECK(false); });
    stream->on_writable([] { CHECK(false); });
    stream->pause();
    stream->close();
    stream->reader().discard();
    stream->writer().end_with_reset();
    stream->take_reader();
    stream->take_writer();
  };
  meddle();
  int heard = 0;
  stream->on_received([&](const Error& error) { heard += error ? 100 : 1; });
  stream->on_sent([&](const Error& error) { heard += error ? 100 : 1; });
  stream->on_close([&](const Error& error) { heard += error ? 100 : 1; });
  tasks.spawn(read_all(*pair.far, all));
  tasks.spawn(closed(*pair.far, over));
  std::optional<Error> written;
  std::optional<Error> ends[2];
  tasks.spawn(write(*pair.near, "hello", written));
  REQUIRE(loop.run_until([&] { return written.has_value(); }));
  meddle();
  tasks.spawn(close(*pair.near, ends[0]));
  tasks.spawn(close(*pair.far, ends[1]));
  REQUIRE(loop.run_until([&] { return all && over && ends[0] && ends[1] && heard >= 3; }));
  CHECK(all->text == "hello");
  CHECK_THAT(all->error, IsSuccess());
  CHECK_THAT(*over, IsSuccess());
  CHECK_THAT(*ends[1], IsSuccess());
  CHECK(heard == 3);
  REQUIRE(pair.drop(loop));
}

TEST_CASE_METHOD(test::StreamsTest,
                 "co::Stream: released while another coroutine waits, it is reset") {
  std::optional<AllRead> all;
  tasks.spawn(read_all(*pair.near, all));
  loop.run_turns(5);
  const std::shared_ptr<Stream> stream = pair.near->release();
  pair.near.reset();
  CHECK_FALSE(all);
  REQUIRE(loop.run_until([&] { return all && stream->is_closed(); }));
  CHECK(all->error.code() == session::Errc::kResetHere);
  CHECK_FALSE(stream->take_reader());
  REQUIRE(pair.drop(loop));
}

TEST_CASE_METHOD(test::StreamsTest, "co::Stream: dropped while another coroutine waits on it") {
  OutsideCalls outside;
  std::optional<std::error_code> told;
  const auto waits = [&]() -> co::Task<> {
    const Result<Buffer> piece = co_await pair.near->read();
    CHECK(outside.holds());
    CHECK_FALSE(piece);
    told = piece ? std::error_code() : piece.error().code();
  };
  tasks.spawn(waits());
  loop.run_turns(5);
  outside.during([&] { pair.near.reset(); });
  CHECK_FALSE(told);
  REQUIRE(loop.run_until([&] { return told.has_value(); }));
  CHECK(*told == session::Errc::kResetHere);
  REQUIRE(pair.drop(loop));
}
