#pragma once

#include <uv.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "uvspdy/error.h"
#include "uvspdy/httpstream/coroutine/run.h"
#include "uvspdy/httpstream/coroutine/stream.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/new_stream_handler.h"
#include "uvspdy/net/error.h"

namespace uvspdy::httpstream::co {

/// The most requests, or streams of one connection, that wait to be accepted; more are refused.
inline constexpr std::size_t kAcceptBacklog = 128;

namespace detail {

template <class T>
struct AcceptQueue {
  std::deque<T> waiting;
  std::optional<Error> over;
  Waiter* acceptor = nullptr;

  bool is_full() const { return waiting.size() >= kAcceptBacklog; }
  void push(T item) {
    waiting.push_back(std::move(item));
    wake(acceptor);
  }
  void end(Error error) {
    over = std::move(error);
    waiting.clear();
    wake(acceptor);
  }
};

}  // namespace detail

/// The awaiter of `accept`.
template <class T>
class [[nodiscard]] AcceptAwaiter : PlacedWaiter {
 public:
  explicit AcceptAwaiter(const std::shared_ptr<detail::AcceptQueue<T>>& queue)
      : PlacedWaiter(queue, queue->acceptor), queue_(*queue) {}

  bool await_ready() {
    busy_ = is_taken();
    return busy_ || queue_.over || !queue_.waiting.empty();
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waits_here(handle);
  }
  Result<T> await_resume() {
    if (busy_) return net::uv_error(UV_EBUSY, "another accept waits");
    if (queue_.over) return *queue_.over;
    T item = std::move(queue_.waiting.front());
    queue_.waiting.pop_front();
    return item;
  }

 private:
  detail::AcceptQueue<T>& queue_;
  bool busy_ = false;
};

/// A stream that the peer creates, and the answer to it. If it is dropped without an answer, the
/// stream is rejected.
struct NewStream {
  Stream stream;
  StreamDecision decision;
};

/// The streams that the peer of one connection creates, for `Connection::accept`. Copies share one
/// queue.
class IncomingStreams {
 public:
  IncomingStreams() : queue_(std::make_shared<detail::AcceptQueue<NewStream>>()) {}

  /// The handler for Connection::on_new_stream or ResponseUpgrader, of one connection. It rejects
  /// streams while kAcceptBacklog of them wait.
  NewStreamHandler handler() const {
    return [queue = queue_](std::shared_ptr<httpstream::Stream> stream, StreamDecision decision) {
      if (queue->over) return;
      if (queue->is_full()) {
        // Streams that the peer has reset meanwhile make room.
        std::erase_if(queue->waiting,
                      [](const NewStream& each) { return each.stream.is_broken(); });
      }
      if (queue->is_full()) return;
      queue->push(NewStream{Stream(std::move(stream)), std::move(decision)});
    };
  }

 private:
  friend class Connection;
  std::shared_ptr<detail::AcceptQueue<NewStream>> queue_;
};

/// The requests to an HttpServer, for coroutines. From docs/examples/coroutine_echo.cpp:
///
///     co::Task<> accept_requests(uv_loop_t* loop, co::IncomingRequests requests) {
///       co::TaskGroup connections(loop);
///       while (const auto exchange = co_await requests.accept()) {
///         HttpResponse response;
///         if (!handshake((*exchange)->request(), response, kProtocols)) {
///           (*exchange)->respond(response);
///           continue;
///         }
///         auto connection = co::upgrade_response(ResponseUpgrader(), **exchange, response);
///         if (!connection) {
///           report(connection.error());  // the client has been answered
///           continue;
///         }
///         connections.spawn(serve(loop, std::move(*connection)));
///       }
///     }
///
/// Copies share one queue.
class IncomingRequests {
 public:
  IncomingRequests() : queue_(std::make_shared<detail::AcceptQueue<Exchange>>()) {}

  /// The handler for HttpServer::listen. It answers with 503 while kAcceptBacklog requests wait.
  HttpServer::RequestHandler handler() const {
    return [queue = queue_](Exchange exchange) {
      if (queue->is_full()) return exchange->respond({503, {}, {}, "too many requests wait\n"});
      queue->push(std::move(exchange));
    };
  }

  /// Waits for the next request, without end: closing the server does not resume it. Errors:
  /// UV_EBUSY if another coroutine waits here.
  AcceptAwaiter<std::shared_ptr<HttpExchange>> accept() const {
    return AcceptAwaiter<Exchange>(queue_);
  }

 private:
  using Exchange = std::shared_ptr<HttpExchange>;
  std::shared_ptr<detail::AcceptQueue<Exchange>> queue_;
};

}  // namespace uvspdy::httpstream::co
