#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "support/spdy_pair.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/coroutine.h"

namespace uvspdy::test {

namespace co = httpstream::co;

/// Lets the loop come round once.
class NextTurn : co::Waiter {
 public:
  explicit NextTurn(const TestLoop& loop) : wakeup_(loop.get(), [this] { resume(); }) {}
  bool await_ready() const { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waits(handle);
    wakeup_.schedule();
  }
  void await_resume() const {}

 private:
  net::Wakeup wakeup_;
};

/// Sets a flag when it is destroyed: what a coroutine's frame holds.
class Tracker {
 public:
  explicit Tracker(int& destroyed) : destroyed_(&destroyed) {}
  Tracker(Tracker&& other) noexcept : destroyed_(std::exchange(other.destroyed_, nullptr)) {}
  Tracker& operator=(Tracker&&) = delete;
  Tracker(const Tracker&) = delete;
  Tracker& operator=(const Tracker&) = delete;
  ~Tracker() {
    if (destroyed_ != nullptr) ++*destroyed_;
  }

 private:
  int* destroyed_;
};

/// Two connections joined by TCP over loopback, with coroutines on both sides.
struct CoroutinePair {
  std::optional<co::Connection> client;
  std::optional<co::Connection> server;

  explicit CoroutinePair(TestLoop& loop,
                         httpstream::ConnectionOptions client_options = patient_options(),
                         httpstream::ConnectionOptions server_options = patient_options()) {
    TcpPair tcp(loop);
    const co::IncomingStreams to_client;
    client.emplace(httpstream::Connection::create(std::move(tcp.client), session::Role::kClient,
                                                  std::move(client_options)),
                   to_client);
    const co::IncomingStreams to_server;
    server.emplace(httpstream::Connection::create(std::move(tcp.server), session::Role::kServer,
                                                  std::move(server_options)),
                   to_server);
  }
};

/// The same with one stream, which the client has created.
struct CoroutineStreams : CoroutinePair {
  std::optional<co::Stream> near;  ///< the client's end
  std::optional<co::Stream> far;   ///< the server's

  explicit CoroutineStreams(TestLoop& loop,
                            httpstream::ConnectionOptions client_options = patient_options(),
                            httpstream::ConnectionOptions server_options = patient_options())
      : CoroutinePair(loop, std::move(client_options), std::move(server_options)) {
    co::TaskGroup tasks(loop.get());
    tasks.spawn(create());
    tasks.spawn(accept());
    REQUIRE(loop.run_until([&] { return near && far; }));
  }

  /// Drops all of it and runs the loop until nothing is left to do.
  [[nodiscard]] bool drop(TestLoop& loop) {
    near.reset();
    far.reset();
    client.reset();
    server.reset();
    return loop.run_out();
  }

 private:
  co::Task<> create() {
    Result<co::Stream> stream = co_await client->create_stream({});
    CHECK_THAT(stream, IsSuccess());
    if (stream) near.emplace(std::move(*stream));
  }
  co::Task<> accept() {
    Result<co::NewStream> incoming = co_await server->accept();
    CHECK_THAT(incoming, IsSuccess());
    if (!incoming) co_return;
    incoming->decision.accept();
    far.emplace(std::move(incoming->stream));
  }
};

/// Two connections over loopback, and coroutines that use them.
struct ConnectionsTest {
  TestLoop loop;
  CoroutinePair pair{loop};
  co::TaskGroup tasks{loop.get()};
};

/// A stream over loopback, from both sides, and coroutines that use it.
struct StreamsTest {
  TestLoop loop;
  CoroutineStreams pair{loop};
  co::TaskGroup tasks{loop.get()};
};

}  // namespace uvspdy::test
