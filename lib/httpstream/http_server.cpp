#include "uvspdy/httpstream/http_server.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/client_buckets.h"
#include "httpstream/bounded_log.h"
#include "httpstream/connection_table.h"
#include "httpstream/counted_transport.h"
#include "httpstream/last_response.h"
#include "httpstream/request_rules.h"
#include "net/client_address.h"
#include "net/first_bytes.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/printable.h"

namespace uvspdy::httpstream {
namespace {

// How many connections are given up, at most, when descriptors are short: as many as a listener
// accepts in one turn of the loop.
constexpr std::size_t kMadeRoom = 64;

// Errors of accept(2) and of a transport's start that freed descriptors and memory would mend.
bool is_shortage(const Error& error) {
  for (const int number : {UV_EMFILE, UV_ENFILE, UV_ENOBUFS, UV_ENOMEM}) {
    if (error.code() == std::error_code(number, net::uv_category())) return true;
  }
  return false;
}

constexpr int kTooManyRequests = 429;

TokenRate upgrade_rate(std::size_t per_second) {
  return TokenRate::per_second(per_second, per_second);
}

}  // namespace

/// It outlives the server while one of its handlers runs.
class UVSPDY_LOCAL HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(RequestHandler handler, HttpServerOptions options)
      : handler_(std::move(handler)),
        options_(std::move(options)),
        log_(std::make_shared<BoundedLog>(std::move(options_.log), options_.log_limits)),
        table_(std::make_shared<ConnectionTable>(options_)),
        upgrade_rate_(upgrade_rate(options_.upgrades_per_second)),
        client_upgrades_(upgrade_rate(options_.upgrades_per_second_per_address)) {}

  Error listen_tcp(uv_loop_t* loop, const std::string& address, std::uint16_t port) {
    return keep(net::Listener::listen_tcp(loop, address, port, accept_handler(), error_handler(),
                                          options_.listen));
  }
  Error listen_pipe(uv_loop_t* loop, const std::string& path) {
    return keep(
        net::Listener::listen_pipe(loop, path, accept_handler(), error_handler(), options_.listen));
  }
  const net::Listener* listener() const { return listener_.get(); }
  HttpServerStats stats() const { return table_->stats(); }

  void serve(std::unique_ptr<net::Transport> transport);
  void close();

 private:
  class RequestReader;
  using EntryPtr = std::shared_ptr<ConnectionTable::Entry>;

  net::Listener::AcceptHandler accept_handler() {
    return [self = shared_from_this()](auto transport) { self->serve(std::move(transport)); };
  }
  net::Listener::ErrorHandler error_handler() {
    return [self = shared_from_this()](const Error& error) {
      if (is_shortage(error)) self->table_->make_room(kMadeRoom, error);
      self->log({}, error.message());
    };
  }
  Error keep(Result<std::unique_ptr<net::Listener>> listener) {
    if (!listener) return listener.error();
    listener_ = std::move(*listener);
    return {};
  }
  void log(std::string_view client, const std::string& line) const {
    const auto log = log_;  // the handler may close the server
    if (log) log->write(client, printable(line), std::chrono::steady_clock::now());
  }
  void shake_hands(std::unique_ptr<net::Transport> transport, std::string client, EntryPtr entry);
  void read_request(std::unique_ptr<net::Transport> transport, std::string client, EntryPtr entry);
  bool admit_upgrade(const std::string& client);

  RequestHandler handler_;
  HttpServerOptions options_;
  std::shared_ptr<BoundedLog> log_;  // until closed
  std::shared_ptr<ConnectionTable> table_;
  TokenRate upgrade_rate_;
  TokenBucket upgrades_;
  ClientBuckets client_upgrades_;
  std::unique_ptr<net::Listener> listener_;
  bool closed_ = false;
  std::unordered_set<std::shared_ptr<RequestReader>> readers_;
  struct Handshake {
    net::Attempt attempt;
    EntryPtr entry;
  };
  std::unordered_map<std::uint64_t, Handshake> handshakes_;
  std::uint64_t next_handshake_ = 0;
  std::vector<std::weak_ptr<LastResponse>> refusals_;
};

/// A connection from which the request head is being read.
class UVSPDY_LOCAL HttpServer::Impl::RequestReader
    : public std::enable_shared_from_this<RequestReader> {
 public:
  RequestReader(std::weak_ptr<Impl> server, std::unique_ptr<net::Transport> transport,
                std::string client, EntryPtr entry)
      : server_(std::move(server)),
        transport_(std::make_unique<CountedTransport>(std::move(transport), std::move(entry))),
        client_(std::move(client)),
        timer_(transport_->loop(),
               [this] { refuse(408, "no request head within the time limit"); }) {}

  void start(std::chrono::milliseconds timeout) {
    transport_->entry()->set_pending([this](const Error& why) { ended(why); });
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
    if (is_upgrade_request(*request)) {
      const auto server = server_.lock();
      if (server && !server->admit_upgrade(client_)) {
        return refuse(kTooManyRequests, "too many upgrades in a second: try again later",
                      {{"Retry-After", "1"}});
      }
    }
    transport_->stop_reading();
    transport_->set_read_handlers({}, {});
    const auto server = leave();
    if (!server) return;
    transport_->entry()->set_served();
    server->handler_(
        HttpExchange::create(std::move(transport_), std::move(*request), Buffer::copy_of(bytes)));
  }

  void refuse(const Error& error) {
    refuse(error.code() == Errc::kHeadTooLarge ? 431 : 400, error.message());
  }

  void refuse(int status, const std::string& why, const Headers& more = {}) {
    const auto keep = shared_from_this();
    const auto server = leave();
    if (!server) return;
    const char* what = status == kTooManyRequests ? ": refused: " : ": bad request: ";
    server->log(client_, transport_->peer() + what + why);
    if (server->closed_ || !transport_) return;  // by the log handler
    HttpResponse response{status, {}, {{"Content-Type", "text/plain; charset=utf-8"}}, why + "\n"};
    for (const auto& field : more) response.headers.add(field.name, field.value);
    std::erase_if(server->refusals_, [](const auto& refusal) { return refusal.expired(); });
    server->refusals_.push_back(LastResponse::send(std::move(transport_), response));
  }

  void ended(const Error& error) {
    const auto keep = shared_from_this();
    const auto server = leave();
    if (server && error) server->log(client_, transport_->peer() + ": " + error.message());
    transport_.reset();
  }

  std::shared_ptr<Impl> leave() {
    timer_.stop();
    auto server = server_.lock();
    if (server) server->readers_.erase(shared_from_this());
    return server;
  }

  std::weak_ptr<Impl> server_;
  std::unique_ptr<CountedTransport> transport_;
  std::string client_;
  net::Timer timer_;
  HttpHeadCollector collector_;
};

void HttpServer::Impl::serve(std::unique_ptr<net::Transport> transport) {
  if (closed_ || !transport) return;
  const auto keep = shared_from_this();
  std::string client = net::client_of(*transport);
  Result<EntryPtr> entry = table_->admit(client);
  if (!entry) return log(client, transport->peer() + ": " + entry.error().message());
  if (closed_) return;  // by what was given up
  if (options_.tls) {
    shake_hands(std::move(transport), std::move(client), std::move(*entry));
  } else {
    read_request(std::move(transport), std::move(client), std::move(*entry));
  }
}

void HttpServer::Impl::shake_hands(std::unique_ptr<net::Transport> transport, std::string client,
                                   EntryPtr entry) {
  const std::uint64_t id = next_handshake_++;
  entry->set_pending([this, id, client, peer = transport->peer()](const Error& why) {
    auto given_up = handshakes_.extract(id);
    if (given_up.empty()) return;  // it has only begun
    given_up.mapped().attempt.cancel();
    log(client, peer + ": " + why.message());
  });
  auto done = [weak = weak_from_this(), id, client = std::move(client)](
                  Result<std::unique_ptr<net::Transport>> encrypted) mutable {
    const auto self = weak.lock();
    if (!self) return;
    auto handshake = self->handshakes_.extract(id);
    if (self->closed_ || handshake.empty()) return;
    if (!encrypted) return self->log(client, encrypted.error().message());
    self->read_request(std::move(*encrypted), std::move(client),
                       std::move(handshake.mapped().entry));
  };
  handshakes_[id] = {
      net::tls_accept(std::move(transport), options_.tls, options_.tls_timeout, std::move(done)),
      std::move(entry)};
}

void HttpServer::Impl::read_request(std::unique_ptr<net::Transport> transport, std::string client,
                                    EntryPtr entry) {
  auto reader = std::make_shared<RequestReader>(weak_from_this(), std::move(transport),
                                                std::move(client), std::move(entry));
  readers_.insert(reader);
  reader->start(options_.head_timeout);
}

bool HttpServer::Impl::admit_upgrade(const std::string& client) {
  const auto now = std::chrono::steady_clock::now();
  if (client_upgrades_.has_token(client, now) && upgrades_.take(upgrade_rate_, now)) {
    return client_upgrades_.take(client, now);
  }
  table_->count_refused_upgrade();
  return false;
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
  const auto log = std::exchange(log_, {});
  for (const auto& [id, handshake] : handshakes) handshake.attempt.cancel();
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

HttpServerStats HttpServer::stats() const { return impl_->stats(); }

void HttpServer::serve(std::unique_ptr<net::Transport> transport) {
  impl_->serve(std::move(transport));
}

void HttpServer::close() { impl_->close(); }

}  // namespace uvspdy::httpstream
