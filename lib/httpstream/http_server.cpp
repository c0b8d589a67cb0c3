#include "uvspdy/httpstream/http_server.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "httpstream/last_response.h"
#include "httpstream/request_rules.h"
#include "net/first_bytes.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/printable.h"

namespace uvspdy::httpstream {

/// It outlives the server while one of its handlers runs.
class UVSPDY_LOCAL HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(RequestHandler handler, HttpServerOptions options)
      : handler_(std::move(handler)), options_(std::move(options)) {}

  Error listen_tcp(uv_loop_t* loop, const std::string& address, std::uint16_t port) {
    return keep(net::Listener::listen_tcp(loop, address, port, accept_handler(), error_handler(),
                                          options_.listen));
  }
  Error listen_pipe(uv_loop_t* loop, const std::string& path) {
    return keep(
        net::Listener::listen_pipe(loop, path, accept_handler(), error_handler(), options_.listen));
  }
  const net::Listener* listener() const { return listener_.get(); }

  void serve(std::unique_ptr<net::Transport> transport);
  void close();

 private:
  class RequestReader;

  net::Listener::AcceptHandler accept_handler() {
    return [self = shared_from_this()](auto transport) { self->serve(std::move(transport)); };
  }
  net::Listener::ErrorHandler error_handler() {
    return [self = shared_from_this()](const Error& error) { self->log(error.message()); };
  }
  Error keep(Result<std::unique_ptr<net::Listener>> listener) {
    if (!listener) return listener.error();
    listener_ = std::move(*listener);
    return {};
  }
  void log(const std::string& line) const { options_.log(printable(line)); }
  void read_request(std::unique_ptr<net::Transport> transport);
  std::size_t pending();

  RequestHandler handler_;
  HttpServerOptions options_;
  std::unique_ptr<net::Listener> listener_;
  bool closed_ = false;
  std::unordered_set<std::shared_ptr<RequestReader>> readers_;
  std::unordered_map<std::uint64_t, net::Attempt> handshakes_;
  std::uint64_t next_handshake_ = 0;
  std::vector<std::weak_ptr<LastResponse>> refusals_;
};

/// A connection from which the request head is being read.
class UVSPDY_LOCAL HttpServer::Impl::RequestReader
    : public std::enable_shared_from_this<RequestReader> {
 public:
  RequestReader(std::weak_ptr<Impl> server, std::unique_ptr<net::Transport> transport)
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
    // A client that begins TLS waits for our part of the handshake and would never complete a head.
    if (collector_.head().empty() && net::begins_tls(bytes)) {
      return refuse(400, "this port speaks plain HTTP, and the client began TLS: use http://");
    }
    const Result<bool> complete = collector_.take(bytes);
    if (!complete) return refuse(complete.error());
    if (!*complete) return;
    Result<HttpRequest> request = parse_request_head(collector_.head());
    if (!request) return refuse(request.error());
    // A body would come between the head and the first frame: this refuses it, too.
    if (Error error = apply_request_rules(*request)) return refuse(error);
    transport_->stop_reading();
    transport_->set_read_handlers({}, {});
    const auto server = leave();
    if (!server) return;
    server->handler_(
        HttpExchange::create(std::move(transport_), std::move(*request), Buffer::copy_of(bytes)));
  }

  void refuse(const Error& error) {
    refuse(error.code() == Errc::kHeadTooLarge ? 431 : 400, error.message());
  }

  void refuse(int status, const std::string& why) {
    const auto keep = shared_from_this();
    const auto server = leave();
    if (!server) return;
    server->log(transport_->peer() + ": bad request: " + why);
    if (server->closed_) return;  // by the log handler
    const HttpResponse response{
        status, {}, {{"Content-Type", "text/plain; charset=utf-8"}}, why + "\n"};
    server->refusals_.push_back(LastResponse::send(std::move(transport_), response));
  }

  void ended(const Error& error) {
    const auto keep = shared_from_this();
    const auto server = leave();
    if (server && error) server->log(transport_->peer() + ": " + error.message());
    transport_.reset();
  }

  std::shared_ptr<Impl> leave() {
    timer_.stop();
    auto server = server_.lock();
    if (server) server->readers_.erase(shared_from_this());
    return server;
  }

  std::weak_ptr<Impl> server_;
  std::unique_ptr<net::Transport> transport_;
  net::Timer timer_;
  HttpHeadCollector collector_;
};

std::size_t HttpServer::Impl::pending() {
  std::erase_if(refusals_, [](const auto& refusal) { return refusal.expired(); });
  return readers_.size() + handshakes_.size() + refusals_.size();
}

void HttpServer::Impl::serve(std::unique_ptr<net::Transport> transport) {
  if (closed_ || !transport) return;
  if (pending() >= options_.max_pending) {
    return log(transport->peer() +
               ": closed, more than max_pending = " + std::to_string(options_.max_pending) +
               " connections have sent no request yet, or are being refused");
  }
  if (!options_.tls) return read_request(std::move(transport));
  const std::uint64_t id = next_handshake_++;
  handshakes_[id] = net::tls_accept(
      std::move(transport), options_.tls, options_.tls_timeout,
      [weak = weak_from_this(), id](Result<std::unique_ptr<net::Transport>> encrypted) {
        const auto self = weak.lock();
        if (!self) return;
        self->handshakes_.erase(id);
        if (self->closed_) return;
        if (!encrypted) return self->log(encrypted.error().message());
        self->read_request(std::move(*encrypted));
      });
}

void HttpServer::Impl::read_request(std::unique_ptr<net::Transport> transport) {
  auto reader = std::make_shared<RequestReader>(weak_from_this(), std::move(transport));
  readers_.insert(reader);
  reader->start(options_.head_timeout);
}

void HttpServer::Impl::close() {
  // Objects that are destroyed here may call anything: embedders' transports, objects in handlers.
  const auto keep = shared_from_this();
  closed_ = true;
  if (listener_) listener_->close();
  const auto readers = std::exchange(readers_, {});
  const auto handshakes = std::exchange(handshakes_, {});
  const auto refusals = std::exchange(refusals_, {});
  const RequestHandler handler = std::exchange(handler_, {});
  const LogHandler log = std::exchange(options_.log, {});
  for (const auto& [id, handshake] : handshakes) handshake.cancel();
  for (const auto& refusal : refusals) {
    if (const auto response = refusal.lock()) response->close();
  }
}

HttpServer::HttpServer(Private, std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { close(); }

std::unique_ptr<HttpServer> HttpServer::create(RequestHandler handler, HttpServerOptions options) {
  return std::make_unique<HttpServer>(
      Private{}, std::make_shared<Impl>(std::move(handler), std::move(options)));
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(uv_loop_t* loop, const std::string& address,
                                                       std::uint16_t port, RequestHandler handler,
                                                       HttpServerOptions options) {
  auto server = create(std::move(handler), std::move(options));
  if (Error error = server->impl_->listen_tcp(loop, address, port)) return error;
  return server;
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen_pipe(uv_loop_t* loop,
                                                            const std::string& path,
                                                            RequestHandler handler,
                                                            HttpServerOptions options) {
  auto server = create(std::move(handler), std::move(options));
  if (Error error = server->impl_->listen_pipe(loop, path)) return error;
  return server;
}

std::uint16_t HttpServer::port() const {
  return impl_->listener() ? impl_->listener()->port() : std::uint16_t{0};
}

std::string HttpServer::address() const {
  return impl_->listener() ? impl_->listener()->address() : std::string();
}

void HttpServer::serve(std::unique_ptr<net::Transport> transport) {
  impl_->serve(std::move(transport));
}

void HttpServer::close() { impl_->close(); }

}  // namespace uvspdy::httpstream
