#pragma once

#include <uv.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/coroutine/incoming.h"
#include "uvspdy/httpstream/coroutine/one_shot.h"
#include "uvspdy/httpstream/coroutine/run.h"
#include "uvspdy/httpstream/coroutine/stream.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/net/error.h"
#include "uvspdy/session/error.h"

namespace uvspdy::httpstream::co {

/// A Connection for coroutines. From docs/examples/coroutine_echo.cpp:
///
///     const Headers headers = {{"topic", "hi"}};
///     Result<co::Stream> stream = co_await dialed->connection.create_stream(headers);
///     if (!stream) co_return stream.error();
///
/// One coroutine at a time can wait in `accept`; a second gets UV_EBUSY. Any number can wait in the
/// other functions. Destroying it calls httpstream::Connection::close.
class [[nodiscard]] Connection {
 public:
  explicit Connection(std::shared_ptr<httpstream::Connection> connection)
      : Connection(std::move(connection), no_streams().queue_) {}

  /// Makes a connection whose `accept` takes from `incoming`, by on_new_stream. Made in the turn in
  /// which `connection` was created, it gets every stream of the peer.
  Connection(std::shared_ptr<httpstream::Connection> connection, const IncomingStreams& incoming)
      : Connection(std::move(connection), incoming.queue_) {
    state_->connection->on_new_stream(incoming.handler());
  }
  ~Connection() {
    if (!state_) return;
    state_->connection->close();
    // No coroutine can accept them any more.
    state_->streams->waiting.clear();
  }
  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Waits for httpstream::Connection::create_stream, with its errors. If the coroutine is
  /// destroyed meanwhile, the stream is reset when it comes.
  OneShot<Stream> create_stream(Headers headers, session::CreateOptions options = {}) const {
    return OneShot<Stream>([connection = state_->connection, headers = std::move(headers),
                            options](OneShot<Stream>::Handler handler) {
      connection->create_stream(headers, options,
                                [handler = std::move(handler)](
                                    Result<std::shared_ptr<httpstream::Stream>> stream) mutable {
                                  if (!stream) return handler(stream.error());
                                  handler(Stream(std::move(*stream)));
                                });
      return net::Attempt();
    });
  }

  /// Waits for the next stream that the peer creates. Errors: the connection's close error, or
  /// session::Errc::kConnectionClosed if it closed in order; UV_ENOTSUP without IncomingStreams;
  /// UV_EBUSY.
  AcceptAwaiter<NewStream> accept() const { return AcceptAwaiter<NewStream>(state_->streams); }

  class CloseAwaiter;
  /// Calls httpstream::Connection::close and waits for its on_close, whose error it returns.
  CloseAwaiter close() const;
  /// Calls httpstream::Connection::shutdown and waits for its on_close, whose error it returns.
  CloseAwaiter shutdown() const;
  /// Waits until the connection is over, whoever closes it. After the peer's end this takes until
  /// each stream has been read to its end, or dropped. Errors: those of Connection::on_close.
  CloseAwaiter closed() const;

  /// Waits for httpstream::Connection::ping, with its errors, and returns the round trip.
  OneShot<std::chrono::nanoseconds> ping() const {
    using Ping = OneShot<std::chrono::nanoseconds>;
    return Ping([connection = state_->connection](Ping::Handler handler) {
      connection->ping(std::move(handler));
      return net::Attempt();
    });
  }

  /// The connection itself, for functions without a co_await form; its on_close is free to use.
  const std::shared_ptr<httpstream::Connection>& get() const { return state_->connection; }

 private:
  using Queue = std::shared_ptr<detail::AcceptQueue<NewStream>>;

  Connection(std::shared_ptr<httpstream::Connection> connection, Queue queue)
      : state_(std::make_shared<State>(std::move(connection), std::move(queue))) {
    state_->connection->add_close_handler(
        [state = state_](const Error& error) { state->ended(error); });
  }

  struct State {
    State(std::shared_ptr<httpstream::Connection> taken, Queue queue)
        : connection(std::move(taken)), streams(std::move(queue)) {}

    std::shared_ptr<httpstream::Connection> connection;
    Queue streams;
    Waiters closers;
    bool closed = false;
    Error outcome;

    void ended(const Error& error) {
      closed = true;
      outcome = error;
      if (!streams->over) {
        streams->end(error ? error
                           : Error(session::Errc::kConnectionClosed, "the connection is closed"));
      }
      closers.wake_all();
    }
  };

  static IncomingStreams no_streams() {
    IncomingStreams incoming;
    incoming.queue_->over = net::uv_error(UV_ENOTSUP, "accept without IncomingStreams");
    return incoming;
  }

  std::shared_ptr<State> state_;
};

class [[nodiscard]] Connection::CloseAwaiter : Waiter {
 public:
  using Begin = void (httpstream::Connection::*)();
  CloseAwaiter(std::shared_ptr<State> state, Begin begin)
      : state_(std::move(state)), begin_(begin) {}
  ~CloseAwaiter() { state_->closers.remove(*this); }

  bool await_ready() const { return state_->closed; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waits(handle);
    state_->closers.add(*this);
    if (begin_ != nullptr) (*state_->connection.*begin_)();
  }
  Error await_resume() const { return state_->outcome; }

 private:
  std::shared_ptr<State> state_;
  Begin begin_;
};

inline Connection::CloseAwaiter Connection::close() const {
  return {state_, &httpstream::Connection::close};
}
inline Connection::CloseAwaiter Connection::shutdown() const {
  return {state_, &httpstream::Connection::shutdown};
}
inline Connection::CloseAwaiter Connection::closed() const { return {state_, nullptr}; }

/// A connection, and the protocol that client and server agreed on.
struct Dialed {
  Connection connection;
  std::string protocol;
};

/// Waits for httpstream::Dialer::dial, with its errors. The dialer may be dropped meanwhile. A
/// coroutine that is destroyed while it waits cancels the dial.
inline OneShot<Dialed> dial(const Dialer& dialer, std::vector<std::string> protocols) {
  return OneShot<Dialed>([dialer,
                          protocols = std::move(protocols)](OneShot<Dialed>::Handler handler) {
    return dialer.dial(
        protocols, [handler = std::move(handler)](Result<httpstream::Dialed> dialed) mutable {
          if (!dialed) return handler(dialed.error());
          handler(Dialed{Connection(std::move(dialed->connection)), std::move(dialed->protocol)});
        });
  });
}

/// Calls ResponseUpgrader::upgrade_response, with its errors; `accept` of the returned connection
/// gets the client's streams. It does not wait.
inline Result<Connection> upgrade_response(const ResponseUpgrader& upgrader, HttpExchange& exchange,
                                           HttpResponse response) {
  const IncomingStreams incoming;
  Result<std::shared_ptr<httpstream::Connection>> connection =
      upgrader.upgrade_response(exchange, std::move(response), {});
  if (!connection) return connection.error();
  return Connection(std::move(*connection), incoming);
}

}  // namespace uvspdy::httpstream::co
