// Coroutines that are destroyed while they wait, at each point where they can.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/coroutine_pair.h"
#include "support/outside_calls.h"
#include "uvspdy/httpstream/upgrade.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;
using test::OutsideCalls;
using test::TestLoop;

namespace {

co::Task<> echo(co::Stream stream) {
  for (;;) {
    const Result<Buffer> piece = co_await stream.read();
    if (!piece) co_return;
    if (piece->empty()) break;
    if (co_await stream.write(*piece)) co_return;
  }
  (void)co_await stream.close();
  (void)co_await stream.closed();
}

co::Task<> serve(uv_loop_t* loop, co::Connection connection) {
  co::TaskGroup streams(loop);
  while (Result<co::NewStream> incoming = co_await connection.accept()) {
    incoming->decision.accept();
    streams.spawn(echo(std::move(incoming->stream)));
  }
  (void)co_await streams.join();
  (void)co_await connection.closed();
}

co::Task<> accept_requests(uv_loop_t* loop, co::IncomingRequests requests) {
  co::TaskGroup connections(loop);
  while (const auto exchange = co_await requests.accept()) {
    HttpResponse response;
    response.headers.add(kHeaderProtocolVersion, "echo");
    auto connection = co::upgrade_response(ResponseUpgrader(), **exchange, response);
    if (connection) connections.spawn(serve(loop, std::move(*connection)));
  }
}

co::Task<Error> write_all(co::Stream& stream, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (Error error = co_await stream.write(Buffer(std::string(100 * 1024, 'x')))) co_return error;
  }
  co_return co_await stream.close();
}

co::Task<Error> read_all(co::Stream& stream) {
  for (;;) {
    const Result<Buffer> piece = co_await stream.read();
    if (!piece) co_return piece.error();
    if (piece->empty()) co_return Error();
  }
}

// Waits in every form that there is.
co::Task<Error> everything(uv_loop_t* loop, Dialer dialer, const co::Cancellation& cancellation) {
  std::vector<std::string> protocols = {"echo"};
  Result<co::Dialed> dialed = co_await co::dial(dialer, protocols);
  if (!dialed) co_return dialed.error();
  const co::Connection connection = std::move(dialed->connection);
  const Result<std::chrono::nanoseconds> pong = co_await connection.ping();
  if (!pong) co_return pong.error();
  for (int i = 0; i < 2; ++i) {
    Result<co::Stream> stream = co_await connection.create_stream({});
    if (!stream) co_return stream.error();
    // Declared behind the stream, to go before it.
    co::TaskGroup tasks(loop);
    tasks.spawn(write_all(*stream, 8), [](const Error&) {});
    if (Error error = co_await co::with_timeout(loop, std::chrono::hours(1), read_all(*stream))) {
      co_return error;
    }
    (void)co_await tasks.join();
    if (Error error = co_await stream->closed()) co_return error;
  }
  Result<co::Stream> abandoned = co_await connection.create_stream({});
  if (!abandoned) co_return abandoned.error();
  if (Error error = co_await co::with_cancellation(cancellation, write_all(*abandoned, 1))) {
    co_return error;
  }
  co_return co_await connection.close();
}

enum class Destroyed { kClient, kServer, kBoth, kCancelled };

// Runs it all and destroys a part of it after so many turns of the loop. Whether there were as
// many.
bool destroy_after(int turns, Destroyed part) {
  TestLoop loop;
  OutsideCalls outside;
  const co::IncomingRequests requests;
  auto listening = HttpServer::listen(loop.get(), "127.0.0.1", 0, requests.handler());
  REQUIRE_THAT(listening, IsSuccess());
  const co::Cancellation cancellation(loop.get());
  bool over = false;
  Error outcome;
  co::TaskGroup server(loop.get());
  co::TaskGroup client(loop.get());
  server.spawn(accept_requests(loop.get(), requests));
  const auto guarded = [&](co::Task<Error> task) -> co::Task<Error> {
    co_return co_await co::with_cancellation(cancellation, std::move(task));
  };
  const Url url{.host = "127.0.0.1", .port = (*listening)->port()};
  client.spawn(guarded(everything(loop.get(), Dialer(loop.get(), url), cancellation)),
               [&](Error error) {
                 CHECK(outside.holds());
                 over = true;
                 outcome = std::move(error);
               });
  int turn = 0;
  REQUIRE(loop.run_until([&] { return over || turn++ >= 2 * turns; }));
  const bool in_time = !over;
  outside.during([&] {
    if (part == Destroyed::kClient || part == Destroyed::kBoth) client.cancel();
    if (part == Destroyed::kServer || part == Destroyed::kBoth) server.cancel();
    if (part == Destroyed::kCancelled) cancellation.cancel();
    (*listening)->close();
  });
  REQUIRE(loop.run_out());
  INFO(outcome.message());
  if (!in_time) CHECK_THAT(outcome, IsSuccess());
  if (in_time && part == Destroyed::kCancelled) {
    CHECK(over);
    CHECK(outcome.code() == std::error_code(UV_ECANCELED, net::uv_category()));
  }
  if (in_time && part == Destroyed::kServer) CHECK(over);
  return in_time;
}

}  // namespace

TEST_CASE("coroutines: destroyed at any turn of the loop, all is closed and the loop ends") {
  const Destroyed part =
      GENERATE(Destroyed::kClient, Destroyed::kServer, Destroyed::kBoth, Destroyed::kCancelled);
  CAPTURE(static_cast<int>(part));
  int turns = 0;
  while (turns < 2000) {
    CAPTURE(turns);
    if (!destroy_after(turns, part)) break;
    ++turns;
  }
  // It has passed through many of them, and has come to its end.
  CHECK(turns > 20);
  CHECK(turns < 2000);
}

TEST_CASE("coroutines: a group that is dropped inside any of its own coroutines' steps") {
  // The client drops everything, its own group included, after so many of its own steps.
  for (int steps = 0; steps < 12; ++steps) {
    CAPTURE(steps);
    TestLoop loop;
    test::CoroutineStreams pair(loop);
    auto tasks = std::make_unique<co::TaskGroup>(loop.get());
    int done = 0;
    bool dropped = false;
    const auto step = [&] {
      if (done++ != steps) return;
      dropped = true;
      tasks.reset();
    };
    const auto echoes = [&]() -> co::Task<> {
      for (;;) {
        const Result<Buffer> piece = co_await pair.far->read();
        step();
        if (!piece || piece->empty()) co_return;
        (void)co_await pair.far->write(*piece);
        step();
      }
    };
    const auto asks = [&]() -> co::Task<> {
      for (int i = 0; i < 6; ++i) {
        (void)co_await pair.near->write(Buffer(std::string("again")));
        step();
        (void)co_await pair.near->read();
        step();
      }
    };
    tasks->spawn(echoes());
    tasks->spawn(asks());
    REQUIRE(loop.run_until([&] { return dropped; }));
    REQUIRE(pair.drop(loop));
    CHECK(done > steps);
  }
}
