#include "uvspdy/httpstream/http_server.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "httpstream/write_all.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::httpstream {
namespace {

constexpr std::chrono::seconds kResponseTimeout{10};

/// Sends a last response over a connection and closes it in order: shut down, read until the
/// client's end, close. A close while the client's bytes are unread would become a TCP reset that
/// destroys the response on its way. Keeps itself alive until then.
class LastResponse : public std::enable_shared_from_this<LastResponse> {
 public:
  explicit LastResponse(std::unique_ptr<net::Transport> transport)
      : transport_(std::move(transport)), timer_(transport_->loop(), [this] { time_out(); }) {}

  void send(const HttpResponse& response) {
    self_ = shared_from_this();
    timer_.start(kResponseTimeout);
    transport_->set_read_handlers([](Bytes) {}, [this](const Error& error) { ended(error); });
    transport_->start_reading();
    HttpResponse last = response;
    last.headers.set("Connection", "close");
    Result<std::string> text = format_response(last);
    if (!text) text = format_response({500, {}, {{"Connection", "close"}}, {}});
    write_all(
        *transport_, Buffer(std::move(*text)), [this](const Error& error) { written(error); },
        [this] { timer_.start(kResponseTimeout); });
  }

 private:
  void written(const Error& error) {
    written_ = true;
    if (error || client_ended_) return close();
    transport_->shutdown({});
  }

  // A client may end its side behind the request and still read.
  void ended(const Error& error) {
    client_ended_ = true;
    if (error || written_) close();
  }

  // No progress that we see; the client may still be taking what the kernel has for it.
  void time_out() {
    const std::size_t unacknowledged = transport_->unacknowledged();
    if (unacknowledged == std::exchange(unacknowledged_, unacknowledged)) return close();
    timer_.start(kResponseTimeout);
  }

  void close() {
    timer_.stop();
    transport_->close([self = std::exchange(self_, {})] {});
  }

  std::unique_ptr<net::Transport> transport_;
  net::Timer timer_;
  std::shared_ptr<LastResponse> self_;
  bool written_ = false;
  bool client_ended_ = false;
  std::size_t unacknowledged_ = 0;
};

void respond_last(std::unique_ptr<net::Transport> transport, const HttpResponse& response) {
  std::make_shared<LastResponse>(std::move(transport))->send(response);
}

}  // namespace

HttpExchange::HttpExchange(Private, std::unique_ptr<net::Transport> transport, HttpRequest request,
                           Buffer behind_head)
    : transport_(std::move(transport)),
      request_(std::move(request)),
      behind_head_(std::move(behind_head)),
      peer_(transport_->peer()) {}

HttpExchange::~HttpExchange() = default;

void HttpExchange::respond(HttpResponse response) {
  if (transport_) respond_last(std::move(transport_), response);
}

HttpExchange::Connected HttpExchange::take_over() {
  return {std::move(transport_), std::move(behind_head_)};
}

// ---- the server

/// What outlives the server: the readers point to it, and it to them.
struct HttpServer::Shared {
  RequestHandler handler;
  Options options;
  std::unordered_set<std::shared_ptr<RequestReader>> readers;

  void log(const std::string& line) const {
    if (options.log) options.log(line);
  }
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
    server->handler(std::make_shared<HttpExchange>(HttpExchange::Private{}, std::move(transport_),
                                                   std::move(*request), Buffer::copy_of(bytes)));
  }

  void refuse(int status, const std::string& why) {
    const auto keep = shared_from_this();
    if (const auto server = leave()) server->log(transport_->peer() + ": bad request: " + why);
    HttpResponse response{status, {}, {{"Content-Type", "text/plain; charset=utf-8"}}, why + "\n"};
    respond_last(std::move(transport_), response);
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

HttpServer::HttpServer(Private) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::listen(uv_loop_t* loop, const std::string& address,
                                                       std::uint16_t port, RequestHandler handler,
                                                       Options options) {
  auto shared = std::make_shared<Shared>(Shared{std::move(handler), std::move(options), {}});
  Result<std::unique_ptr<net::Listener>> listener = net::Listener::listen_tcp(
      loop, address, port,
      [shared](std::unique_ptr<net::Transport> transport) {
        auto reader = std::make_shared<RequestReader>(shared, std::move(transport));
        shared->readers.insert(reader);
        reader->start(shared->options.head_timeout);
      },
      [shared](const Error& error) { shared->log(error.message()); });
  if (!listener) return listener.error();
  auto server = std::make_unique<HttpServer>(Private{});
  server->shared_ = std::move(shared);
  server->listener_ = std::move(*listener);
  return server;
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(uv_loop_t* loop, const std::string& address,
                                                       std::uint16_t port, RequestHandler handler) {
  return listen(loop, address, port, std::move(handler), Options());
}

void HttpServer::close() {
  listener_->close();
  shared_->readers.clear();
}

}  // namespace uvspdy::httpstream
