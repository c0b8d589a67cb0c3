#include "uvspdy/httpstream/http_server.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "httpstream/last_response.h"
#include "net/first_bytes.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/printable.h"

namespace uvspdy::httpstream {

/// What outlives the server: the readers point to it, and it to them.
struct HttpServer::Shared : std::enable_shared_from_this<Shared> {
  RequestHandler handler;
  Options options;
  bool closed = false;
  std::unordered_set<std::shared_ptr<RequestReader>> readers;
  std::unordered_map<std::uint64_t, net::Attempt> handshakes;
  std::uint64_t next_handshake = 0;
  std::vector<std::weak_ptr<LastResponse>> refusals;

  void log(const std::string& line) const {
    if (options.log) options.log(printable(line));
  }

  net::Listener::AcceptHandler accept_handler() {
    return [self = shared_from_this()](auto transport) { self->serve(std::move(transport)); };
  }
  net::Listener::ErrorHandler error_handler() {
    return [self = shared_from_this()](const Error& error) { self->log(error.message()); };
  }
  void serve(std::unique_ptr<net::Transport> transport);
  void read_request(std::unique_ptr<net::Transport> transport);
  std::size_t pending();
};

/// A connection from which the request head is being read.
class HttpServer::RequestReader : public std::enable_shared_from_this<RequestReader> {
 public:
  RequestReader(std::weak_ptr<Shared> server, std::unique_ptr<net::Transport> transport)
      : server_(std::move(server)),
        transport_(std::move(transport)),
        timer_(transport_->loop(),
               [this] { refuse(408, "no request head within the time limit"); }) {}

  void start(std::chrono::milliseconds timeout) {
    timer_.start(timeout);
    transport_->set_read_handlers([this](Bytes bytes) { read(bytes); },
                                  [this](const Error& error) { ended(error); });
    transport_->start_reading();
  }

 private:
  void read(Bytes bytes) {
    const auto keep = shared_from_this();
    // A TLS handshake has no end of a head to wait for.
    if (collector_.head().empty() && net::begins_tls(bytes)) {
      return refuse(400, "this port speaks plain HTTP, and the client began TLS: use http://");
    }
    const Result<bool> complete = collector_.take(bytes);
    if (!complete) return refuse(431, complete.error().message());
    if (!*complete) return;
    Result<HttpRequest> request = parse_request_head(collector_.head());
    if (!request) {
      const int status = request.error().code() == Errc::kHeadTooLarge ? 431 : 400;
      return refuse(status, request.error().message());
    }
    // A body would stand between the head and the first frame.
    const auto lengths = request->headers.values("Content-Length");
    const bool empty = std::all_of(lengths.begin(), lengths.end(),
                                   [](std::string_view length) { return length == "0"; });
    if (request->headers.get("Transfer-Encoding") || !empty) {
      return refuse(400, "a request body is not expected here");
    }
    transport_->stop_reading();
    const auto server = leave();
    if (!server) return;
    server->handler(
        HttpExchange::create(std::move(transport_), std::move(*request), Buffer::copy_of(bytes)));
  }

  void refuse(int status, const std::string& why) {
    const auto keep = shared_from_this();
    const auto server = leave();
    if (!server) return;
    server->log(transport_->peer() + ": bad request: " + why);
    if (server->closed) return;  // by whoever has heard that
    const HttpResponse response{
        status, {}, {{"Content-Type", "text/plain; charset=utf-8"}}, why + "\n"};
    server->refusals.push_back(LastResponse::send(std::move(transport_), response));
  }

  void ended(const Error& error) {
    const auto keep = shared_from_this();
    const auto server = leave();
    if (server && error) server->log(transport_->peer() + ": " + error.message());
    transport_.reset();
  }

  std::shared_ptr<Shared> leave() {
    timer_.stop();
    auto server = server_.lock();
    if (server) server->readers.erase(shared_from_this());
    return server;
  }

  std::weak_ptr<Shared> server_;
  std::unique_ptr<net::Transport> transport_;
  net::Timer timer_;
  HttpHeadCollector collector_;
};

std::size_t HttpServer::Shared::pending() {
  std::erase_if(refusals, [](const auto& refusal) { return refusal.expired(); });
  return readers.size() + handshakes.size() + refusals.size();
}

void HttpServer::Shared::serve(std::unique_ptr<net::Transport> transport) {
  if (closed) return;
  if (pending() >= options.max_pending) {
    return log(transport->peer() +
               ": closed, more than max_pending = " + std::to_string(options.max_pending) +
               " connections have sent no request yet, or are being refused");
  }
  if (!options.tls) return read_request(std::move(transport));
  const std::uint64_t id = next_handshake++;
  handshakes[id] = net::tls_accept(
      std::move(transport), options.tls, options.tls_timeout,
      [weak = weak_from_this(), id](Result<std::unique_ptr<net::Transport>> encrypted) {
        const auto self = weak.lock();
        if (!self) return;
        self->handshakes.erase(id);
        if (self->closed) return;
        if (!encrypted) return self->log(encrypted.error().message());
        self->read_request(std::move(*encrypted));
      });
}

void HttpServer::Shared::read_request(std::unique_ptr<net::Transport> transport) {
  auto reader = std::make_shared<RequestReader>(weak_from_this(), std::move(transport));
  readers.insert(reader);
  reader->start(options.head_timeout);
}

HttpServer::HttpServer(Private, RequestHandler handler, Options options)
    : shared_(std::make_shared<Shared>()) {
  shared_->handler = std::move(handler);
  shared_->options = std::move(options);
}

HttpServer::~HttpServer() { close(); }

std::unique_ptr<HttpServer> HttpServer::create(RequestHandler handler, Options options) {
  return std::make_unique<HttpServer>(Private{}, std::move(handler), std::move(options));
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(uv_loop_t* loop, const std::string& address,
                                                       std::uint16_t port, RequestHandler handler,
                                                       Options options) {
  auto server = create(std::move(handler), std::move(options));
  Shared& shared = *server->shared_;
  auto listener = net::Listener::listen_tcp(loop, address, port, shared.accept_handler(),
                                            shared.error_handler(), shared.options.listen);
  if (!listener) return listener.error();
  server->listener_ = std::move(*listener);
  return server;
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen_pipe(uv_loop_t* loop,
                                                            const std::string& path,
                                                            RequestHandler handler,
                                                            Options options) {
  auto server = create(std::move(handler), std::move(options));
  Shared& shared = *server->shared_;
  auto listener = net::Listener::listen_pipe(loop, path, shared.accept_handler(),
                                             shared.error_handler(), shared.options.listen);
  if (!listener) return listener.error();
  server->listener_ = std::move(*listener);
  return server;
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(uv_loop_t* loop, const std::string& address,
                                                       std::uint16_t port, RequestHandler handler) {
  return listen(loop, address, port, std::move(handler), Options());
}

void HttpServer::serve(std::unique_ptr<net::Transport> transport) {
  shared_->serve(std::move(transport));
}

void HttpServer::close() {
  shared_->closed = true;
  if (listener_) listener_->close();
  shared_->readers.clear();
  for (const auto& [id, handshake] : std::exchange(shared_->handshakes, {})) handshake.cancel();
  for (const auto& refusal : std::exchange(shared_->refusals, {})) {
    if (const auto response = refusal.lock()) response->close();
  }
}

}  // namespace uvspdy::httpstream
