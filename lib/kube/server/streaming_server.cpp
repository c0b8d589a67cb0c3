#include "uvspdy/kube/server/streaming_server.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_set>
#include <utility>

#include "core/client_buckets.h"
#include "kube/protocol/log_line.h"
#include "kube/protocol/request_check.h"
#include "kube/protocol/stopping.h"
#include "kube/server/command_connection.h"
#include "kube/server/command_places.h"
#include "kube/server/served_port_forward.h"
#include "kube/server/streaming_tokens.h"
#include "net/client_address.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/server/pod_api.h"

namespace uvspdy::kube {
namespace {

using httpstream::HttpExchange;

// The path before a token, in the order of StreamingRequest's alternatives.
constexpr std::array<std::string_view, 3> kTokenPaths = {"/exec/", "/attach/", "/portforward/"};
static_assert(std::variant_size_v<StreamingRequest> == kTokenPaths.size());

std::string_view token_path(const StreamingRequest& request) {
  return kTokenPaths[request.index()];
}

// The token of a path, after one of kTokenPaths; nothing for another path.
std::optional<std::string_view> token_of(std::string_view path) {
  for (const std::string_view prefix : kTokenPaths) {
    if (path.starts_with(prefix)) return path.substr(prefix.size());
  }
  return std::nullopt;
}

httpstream::HttpResponse page_not_found() {
  return {404, {}, {{"Content-Type", "text/plain; charset=utf-8"}}, "404 page not found\n"};
}

httpstream::HttpResponse too_many_requests(const std::string& why, std::int64_t retry_after) {
  httpstream::HttpResponse response = status_response(429, "TooManyRequests", why);
  response.headers.add("Retry-After", std::to_string(retry_after));
  return response;
}

StreamingServerOptions with_bounded_log(StreamingServerOptions options) {
  options.log = httpstream::bounded_log(std::move(options.log), options.log_limits);
  return options;
}

bool refuse_method(HttpExchange& exchange) {
  const std::string& method = exchange.request().method;
  if (method == "POST" || method == "GET") return false;
  httpstream::HttpResponse response =
      status_response(405, "MethodNotAllowed", "streaming takes POST or GET, not " + method);
  response.headers.add("Allow", "GET, POST");
  exchange.respond(response);
  return true;
}

// The size of reads from targets, and how many blocks of that size are kept for reuse.
constexpr std::size_t kBlockSize = 64 * 1024;
constexpr std::size_t kPooledBlocks = 32;

constexpr std::array kPortForwardProtocols = {kPortForwardProtocol};
constexpr std::array kRemoteCommandProtocols = {kProtocolV4, kProtocolV3, kProtocolV2, kProtocolV1};

}  // namespace

/// Owns the connections, which keep it alive until they are over, also without the server.
struct UVSPDY_LOCAL StreamingServer::Shared : std::enable_shared_from_this<Shared> {
  uv_loop_t* loop;
  std::shared_ptr<Runtime> runtime;
  std::shared_ptr<const Options> options;
  Result<httpstream::Url> base;
  std::string base_path;  // without a slash at its end
  StreamingTokens tokens;
  ClientBuckets guesses;
  CommandPlaces places;
  std::unordered_set<std::shared_ptr<CommandConnection>> commands;
  std::unordered_set<std::shared_ptr<ServedPortForward>> port_forwards;
  // One pool for all forwarded connections, since an idle connection holds no block.
  std::shared_ptr<BufferPool> pool = std::make_shared<BufferPool>(kBlockSize, kPooledBlocks);
  Stopping stopping;

  Shared(uv_loop_t* on_loop, std::shared_ptr<Runtime> given_runtime, Options given)
      : loop(on_loop),
        runtime(std::move(given_runtime)),
        options(std::make_shared<const Options>(with_bounded_log(std::move(given)))),
        base(httpstream::parse_url(options->base_url)),
        tokens(options->token_lifetime, options->max_tokens),
        guesses(TokenRate::per_minute(options->guesses.per_minute, options->guesses.burst)),
        places(options->max_commands, options->max_commands_per_user),
        stopping(loop) {
    if (base) base_path = base->target.substr(0, base->target.find('?'));
    while (base_path.ends_with('/')) base_path.pop_back();
  }

  StreamingTokens::Time now() const {
    return StreamingTokens::Time(std::chrono::milliseconds(uv_now(loop)));
  }

  Result<std::string> url(StreamingRequest request);

  void log(const HttpExchange& exchange, const Error& error) const {
    if (options->log) options->log(log_line(exchange.peer(), error.message()));
  }

  bool refuse_without_upgrade(HttpExchange& exchange) const;
  template <class Served, class Make>
  void start(HttpExchange& exchange, std::span<const std::string_view> protocols,
             std::unordered_set<std::shared_ptr<Served>>& owners, Make make);
  void serve(HttpExchange& exchange, const std::string& user, RequestedStreams streams,
             CommandConnection::ReadyHandler on_ready);
  void serve(HttpExchange& exchange, const PortForwardRequest& request);
  void stop(OnceCallback<void()> done);

  void check_stopped() {
    if (commands.empty() && port_forwards.empty()) stopping.nothing_is_left(shared_from_this());
  }
};

// The upgrader answers. A request for another upgrade is not logged: newer kubectl tries a
// WebSocket first, and after this answer comes again with SPDY.
bool StreamingServer::Shared::refuse_without_upgrade(HttpExchange& exchange) const {
  if (httpstream::is_spdy_upgrade_request(exchange.request())) return false;
  const auto refused = httpstream::ResponseUpgrader().upgrade_response(exchange, {}, {});
  if (!httpstream::is_upgrade_request(exchange.request())) log(exchange, refused.error());
  return true;
}

// Negotiates a protocol, upgrades, and starts the object that `make` makes to serve the connection;
// `owners` keeps that object until it is over.
template <class Served, class Make>
void StreamingServer::Shared::start(HttpExchange& exchange,
                                    std::span<const std::string_view> protocols,
                                    std::unordered_set<std::shared_ptr<Served>>& owners,
                                    Make make) {
  httpstream::HttpResponse response;
  Result<std::string> protocol = httpstream::handshake(exchange.request(), response, protocols);
  if (!protocol) {
    exchange.respond(response);
    return log(exchange, protocol.error());
  }
  const auto on_over = [shared = shared_from_this(), &owners](const auto& over) {
    owners.erase(over);
    shared->check_stopped();
  };
  const std::shared_ptr<Served> served = make(std::move(*protocol), on_over);
  const httpstream::ResponseUpgrader upgrader(options->connection);
  Result<std::shared_ptr<httpstream::Connection>> connection =
      upgrader.upgrade_response(exchange, std::move(response), served->new_stream_handler());
  if (!connection) return log(exchange, connection.error());
  owners.insert(served);
  served->start(std::move(*connection));
}

void StreamingServer::Shared::serve(HttpExchange& exchange, const std::string& user,
                                    RequestedStreams streams,
                                    CommandConnection::ReadyHandler on_ready) {
  auto place = places.take(user);
  if (!place) {
    exchange.respond(too_many_requests(place.error().message(), 1));
    return log(exchange, place.error());
  }
  start(exchange, kRemoteCommandProtocols, commands,
        [&](std::string protocol, CommandConnection::OverHandler on_over) {
          return std::make_shared<CommandConnection>(loop, streams, std::move(protocol),
                                                     exchange.peer(), options, std::move(*place),
                                                     std::move(on_ready), std::move(on_over));
        });
}

void StreamingServer::Shared::serve(HttpExchange& exchange, const PortForwardRequest& request) {
  start(exchange, kPortForwardProtocols, port_forwards,
        [&](const std::string&, ServedPortForward::OverHandler on_over) {
          ServedPortForward::Options served;
          served.stream_creation_timeout = options->stream_creation_timeout;
          served.stream_idle_timeout = options->stream_idle_timeout;
          served.close_grace = options->close_grace;
          served.slow_reader_timeout = options->connection.slow_reader_timeout;
          served.max_connections = options->max_forwarded_connections;
          served.pool = pool;
          served.log = [shared = shared_from_this()](std::string_view line) {
            if (shared->options->log) shared->options->log(line);
          };
          return std::make_shared<ServedPortForward>(
              loop, request, std::move(served), exchange.peer(),
              [to = runtime, request](std::shared_ptr<ForwardedConnection> connection) {
                to->port_forward(request, std::move(connection));
              },
              std::move(on_over));
        });
}

Result<std::string> StreamingServer::Shared::url(StreamingRequest request) {
  if (!base) return base.error();
  if (Error error = check_request(request)) return error;
  httpstream::Url url = *base;
  url.target = base_path + std::string(token_path(request));
  uv_update_time(loop);  // uv_now may be old: this turn may have begun long ago
  const Result<std::string> token = tokens.insert(std::move(request), now());
  if (!token) return token.error();
  url.target += *token;
  return httpstream::to_string(url);
}

void StreamingServer::Shared::stop(OnceCallback<void()> done) {
  stopping.begin(std::move(done));
  const auto last_of_it = std::move(runtime);  // gets no more clients
  for (const auto& command : commands) command->stop();
  for (const auto& port_forward : port_forwards) port_forward->terminate();
  tokens.clear();
  check_stopped();
}

StreamingServer::StreamingServer(uv_loop_t* loop, std::shared_ptr<Runtime> runtime, Options options)
    : shared_(std::make_shared<Shared>(loop, std::move(runtime), std::move(options))) {}

StreamingServer::~StreamingServer() { shared_->stop({}); }

std::size_t StreamingServer::connections() const {
  return shared_->commands.size() + shared_->port_forwards.size();
}

void StreamingServer::stop(OnceCallback<void()> done) { shared_->stop(std::move(done)); }

Result<std::string> StreamingServer::exec_url(ExecRequest request) {
  return shared_->url(std::move(request));
}

Result<std::string> StreamingServer::attach_url(AttachRequest request) {
  return shared_->url(std::move(request));
}

Result<std::string> StreamingServer::port_forward_url(PortForwardRequest request) {
  return shared_->url(std::move(request));
}

httpstream::HttpResponse StreamingServer::response_for(const Error& error) const {
  if (error.code() == Errc::kBadRequest) {
    return status_response(400, "BadRequest", error.message());
  }
  if (error.code() != Errc::kTooManyRequests) {
    return status_response(500, "InternalError", error.message());
  }
  return too_many_requests(
      error.message(),
      std::chrono::ceil<std::chrono::seconds>(shared_->options->token_lifetime).count());
}

void StreamingServer::serve_token(const std::shared_ptr<HttpExchange>& exchange) {
  std::string_view path = exchange->request().target;
  path = path.substr(0, path.find('?'));
  const std::string_view base_path = shared_->base_path;
  if (!path.starts_with(base_path)) return exchange->respond(page_not_found());
  path.remove_prefix(base_path.size());
  const auto token = token_of(path);
  if (!token) return exchange->respond(page_not_found());
  if (refuse_method(*exchange)) return;
  const std::string client = net::client_of_peer(exchange->peer());
  if (!shared_->guesses.has_token(client, shared_->now())) {
    constexpr std::int64_t kMinute = 60;
    return exchange->respond(too_many_requests(
        "too many wrong URLs came from " + client + ": try again in a minute", kMinute));
  }
  if (!shared_->tokens.contains(*token, shared_->now())) {
    shared_->guesses.take(client, shared_->now());
    return exchange->respond(page_not_found());
  }
  if (shared_->refuse_without_upgrade(*exchange)) return;
  auto request = shared_->tokens.take(*token, shared_->now());
  if (!path.starts_with(token_path(*request))) return exchange->respond(page_not_found());
  serve_authorized(exchange, std::move(*request));
}

void StreamingServer::serve_authorized(const std::shared_ptr<HttpExchange>& exchange,
                                       StreamingRequest request) {
  if (refuse_method(*exchange)) return;
  if (shared_->stopping.has_begun()) {
    return exchange->respond(
        status_response(503, "ServiceUnavailable", "the server is stopping: try another"));
  }
  if (!shared_->runtime) {
    return exchange->respond(
        status_response(503, "ServiceUnavailable", "the server has nothing to stream from"));
  }
  if (shared_->refuse_without_upgrade(*exchange)) return;
  if (const Error error = check_request(request)) {
    return exchange->respond(response_for(error));
  }
  if (const auto* port_forward = std::get_if<PortForwardRequest>(&request)) {
    return shared_->serve(*exchange, *port_forward);
  }
  const auto runtime = shared_->runtime;
  if (auto* exec = std::get_if<ExecRequest>(&request)) {
    const RequestedStreams streams = requested_streams(*exec);
    const std::string user = exec->user;
    return shared_->serve(*exchange, user, streams,
                          [runtime, given = std::move(*exec)](auto command) mutable {
                            runtime->exec(std::move(given), std::move(command));
                          });
  }
  auto& attach = std::get<AttachRequest>(request);
  const RequestedStreams streams = requested_streams(attach);
  const std::string user = attach.user;
  shared_->serve(*exchange, user, streams,
                 [runtime, given = std::move(attach)](auto command) mutable {
                   runtime->attach(std::move(given), std::move(command));
                 });
}

}  // namespace uvspdy::kube
