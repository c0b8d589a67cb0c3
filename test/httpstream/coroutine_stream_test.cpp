// co::Stream: each form and each of its outcomes.

#include <optional>
#include <string>
#include <utility>

#include "httpstream/stream_tasks.h"
#include "support/coroutine_pair.h"
#include "support/patterned_text.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::AllRead;
using test::close;
using test::closed;
using test::CoroutineStreams;
using test::IsSuccess;
using test::read_all;
using test::read_one;
using test::TestLoop;
using test::text_of_result;
using test::write;

namespace {

const std::error_code kBusy(UV_EBUSY, net::uv_category());

}  // namespace

TEST_CASE_METHOD(test::StreamsTest,
                 "co::Stream: read gives what comes, then the end, again and again") {
  CHECK(pair.near->identifier() == 1);
  std::optional<Result<Buffer>> piece;
  tasks.spawn(read_one(*pair.far, piece));
  loop.run_turns(5);
  CHECK_FALSE(piece);
  std::optional<Error> written;
  tasks.spawn(write(*pair.near, "hello", written));
  REQUIRE(loop.run_until([&] { return piece && written; }));
  CHECK_THAT(*written, IsSuccess());
  CHECK(text_of_result(piece) == "hello");
  std::optional<Error> ended;
  tasks.spawn(close(*pair.near, ended));
  std::optional<AllRead> rest;
  tasks.spawn(read_all(*pair.far, rest));
  REQUIRE(loop.run_until([&] { return rest && ended; }));
  CHECK_THAT(*ended, IsSuccess());
  CHECK(rest->text.empty());
  CHECK_THAT(rest->error, IsSuccess());
  // Also when the connection is gone.
  pair.client->get()->abort();
  std::optional<Error> over;
  tasks.spawn(closed(*pair.far, over));
  REQUIRE(loop.run_until([&] { return over.has_value(); }));
  CHECK(over->code() == session::Errc::kConnectionLost);
  rest.reset();
  tasks.spawn(read_all(*pair.far, rest));
  REQUIRE(loop.run_until([&] { return rest.has_value(); }));
  CHECK_THAT(rest->error, IsSuccess());
  REQUIRE(pair.drop(loop));
}

TEST_CASE_METHOD(test::StreamsTest, "co::Stream: what came before an error is read before it") {
  std::optional<AllRead> all;
  tasks.spawn(read_all(*pair.far, all));
  std::optional<Error> written;
  tasks.spawn(write(*pair.near, "last words", written));
  std::error_code expected;
  SECTION("the peer resets") {
    REQUIRE(
        loop.run_until([&] { return pair.client->get()->stats().queued_bytes == 0 && written; }));
    loop.run_turns(20);
    pair.near->reset();
    expected = session::Errc::kStreamReset;
  }
  SECTION("the connection is lost") {
    REQUIRE(loop.run_until([&] { return written.has_value(); }));
    loop.run_turns(20);
    pair.client->get()->abort();
    expected = session::Errc::kConnectionLost;
  }
  REQUIRE(loop.run_until([&] { return all.has_value(); }));
  CHECK(all->text == "last words");
  CHECK(all->error.code() == expected);
  CHECK_FALSE(all->error.message().empty());
  // From then on every form says the same.
  std::optional<Error> error;
  for (int form = 0; form < 3; ++form) {
    error.reset();
    if (form == 0) tasks.spawn(write(*pair.far, "x", error));
    if (form == 1) tasks.spawn(close(*pair.far, error));
    if (form == 2) tasks.spawn(closed(*pair.far, error));
    REQUIRE(loop.run_until([&] { return error.has_value(); }));
    CHECK(error->code() == expected);
  }
  REQUIRE(pair.drop(loop));
}

TEST_CASE_METHOD(test::StreamsTest,
                 "co::Stream: while nobody reads, the window holds the writer back") {
  const std::string text = test::patterned_text(std::size_t{8} * 1024 * 1024);
  const auto write_all = [&]() -> co::Task<Error> {
    for (std::size_t at = 0; at < text.size(); at += 64 * 1024) {
      if (Error error = co_await pair.near->write(Buffer(text.substr(at, 64 * 1024)))) {
        co_return error;
      }
    }
    co_return co_await pair.near->close();
  };
  std::optional<Error> written;
  tasks.spawn(write_all(), [&](Error error) { written = std::move(error); });
  loop.run_turns(500);
  CHECK_FALSE(written);
  CHECK(pair.server->get()->stats().held_bytes <= 256 * 1024);
  CHECK(pair.client->get()->stats().queued_bytes <= 512 * 1024);
  // The first piece alone is read: the stream is paused again behind it.
  std::optional<Result<Buffer>> first;
  tasks.spawn(read_one(*pair.far, first));
  REQUIRE(loop.run_until([&] { return first.has_value(); }));
  loop.run_turns(500);
  CHECK_FALSE(written);
  CHECK(pair.server->get()->stats().held_bytes <= 256 * 1024);
  std::optional<AllRead> rest;
  tasks.spawn(read_all(*pair.far, rest));
  REQUIRE(loop.run_until([&] { return written && rest; }));
  CHECK_THAT(*written, IsSuccess());
  CHECK(text_of_result(first) + rest->text == text);
  REQUIRE(pair.drop(loop));
}

TEST_CASE("co::Stream: a read that is dropped loses nothing") {
  TestLoop loop;
  CoroutineStreams pair(loop);
  std::optional<Result<Buffer>> dropped;
  {
    co::TaskGroup tasks(loop.get());
    tasks.spawn(read_one(*pair.far, dropped));
    loop.run_turns(3);
  }
  co::TaskGroup tasks(loop.get());
  std::optional<Error> written;
  tasks.spawn(write(*pair.near, "for the next reader", written));
  REQUIRE(loop.run_until([&] { return pair.server->get()->stats().held_bytes > 0; }));
  std::optional<Result<Buffer>> piece;
  tasks.spawn(read_one(*pair.far, piece));
  REQUIRE(loop.run_until([&] { return piece.has_value(); }));
  CHECK(text_of_result(piece) == "for the next reader");
  CHECK_FALSE(dropped);
  REQUIRE(pair.drop(loop));
}

TEST_CASE("co::Stream: one can wait in each form, a second is told so") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.limits.write_high_water = 1;
  CoroutineStreams pair(loop, options);
  co::TaskGroup tasks(loop.get());
  const auto fill = [&]() -> co::Task<> {
    // More than the window, so that the next one waits.
    (void)co_await pair.near->write(Buffer(std::string(std::size_t{4} * 1024 * 1024, 'x')));
  };
  tasks.spawn(fill());
  std::optional<Result<Buffer>> reads[2];
  std::optional<Error> writes[2];
  std::optional<Error> ends[2];
  for (int i = 0; i < 2; ++i) {
    tasks.spawn(read_one(*pair.near, reads[i]));
    tasks.spawn(write(*pair.near, "y", writes[i]));
    tasks.spawn(closed(*pair.near, ends[i]));
  }
  REQUIRE(loop.run_until([&] { return reads[1] && writes[1] && ends[1]; }));
  CHECK_FALSE((reads[0] || writes[0] || ends[0]));
  REQUIRE_FALSE(*reads[1]);
  CHECK(reads[1]->error().code() == kBusy);
  CHECK(writes[1]->code() == kBusy);
  CHECK(ends[1]->code() == kBusy);
  // Those that wait go on, and are told when the stream ends.
  pair.near->reset();
  REQUIRE(loop.run_until([&] { return reads[0] && writes[0] && ends[0]; }));
  REQUIRE_FALSE(*reads[0]);
  CHECK(reads[0]->error().code() == session::Errc::kResetHere);
  CHECK(writes[0]->code() == session::Errc::kResetHere);
  CHECK(ends[0]->code() == session::Errc::kResetHere);
  REQUIRE(pair.drop(loop));
}

TEST_CASE_METHOD(test::StreamsTest, "co::Stream: close waits until the end has left") {
  std::optional<Error> written;
  std::optional<Error> ends[3];
  tasks.spawn(write(*pair.near, std::string(std::size_t{1024} * 1024, 'x'), written));
  tasks.spawn(close(*pair.near, ends[0]));
  tasks.spawn(close(*pair.near, ends[1]));
  loop.run_turns(200);
  CHECK_FALSE(ends[0]);  // the window is full
  REQUIRE(ends[1]);
  CHECK(ends[1]->code() == kBusy);
  std::optional<Error> late;
  tasks.spawn(write(*pair.near, "late", late));
  REQUIRE(loop.run_until([&] { return late.has_value(); }));
  CHECK(late->code() == session::Errc::kStreamClosed);
  std::optional<AllRead> all;
  tasks.spawn(read_all(*pair.far, all));
  REQUIRE(loop.run_until([&] { return ends[0] && all; }));
  CHECK_THAT(*ends[0], IsSuccess());
  CHECK(all->text.size() == 1024 * 1024);
  tasks.spawn(close(*pair.near, ends[2]));
  REQUIRE(loop.run_until([&] { return ends[2].has_value(); }));
  CHECK_THAT(*ends[2], IsSuccess());  // it has ended, as asked
  // The other half, and all is over in order on both sides.
  std::optional<Error> other;
  std::optional<Error> over[2];
  tasks.spawn(close(*pair.far, other));
  tasks.spawn(closed(*pair.near, over[0]));
  tasks.spawn(closed(*pair.far, over[1]));
  REQUIRE(loop.run_until([&] { return other && over[0] && over[1]; }));
  CHECK_THAT(*other, IsSuccess());
  CHECK_THAT(*over[0], IsSuccess());
  CHECK_THAT(*over[1], IsSuccess());
  REQUIRE(pair.drop(loop));
}

TEST_CASE_METHOD(test::StreamsTest, "co::Stream: given back it is a stream for handlers again") {
  std::optional<Error> written;
  tasks.spawn(write(*pair.near, "held until then", written));
  REQUIRE(loop.run_until([&] { return pair.server->get()->stats().held_bytes > 0; }));
  const std::shared_ptr<Stream> stream = pair.far->release();
  loop.run_turns(10);
  std::string text;
  stream->on_data([&](Bytes bytes) { text += text_of(bytes); });
  REQUIRE(loop.run_until([&] { return text == "held until then"; }));
  pair.far.emplace(stream);  // and taken over again
  CHECK(pair.far->release() == stream);
  stream->reset();
  REQUIRE(pair.drop(loop));
  // One that is closed tells how it has ended; one whose halves are elsewhere, that they are.
  pair.far.emplace(stream);
  co::Stream without_halves(stream);
  std::optional<AllRead> all[2];
  std::optional<Error> errors[3];
  tasks.spawn(read_all(*pair.far, all[0]));
  tasks.spawn(read_all(without_halves, all[1]));
  tasks.spawn(write(without_halves, "x", errors[0]));
  tasks.spawn(close(without_halves, errors[1]));
  tasks.spawn(closed(without_halves, errors[2]));
  REQUIRE(loop.run_until([&] { return all[0] && all[1] && errors[0] && errors[1] && errors[2]; }));
  CHECK(all[0]->error.code() == session::Errc::kResetHere);
  CHECK(all[1]->error.code() == session::Errc::kStreamClosed);
  for (const auto& error : errors) CHECK(error->code() == session::Errc::kStreamClosed);
}
