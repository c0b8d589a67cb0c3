#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "kube/server/served_port_forward.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/net/tcp.h"

namespace uvspdy::test {

/// ServedPortForwards behind an HttpServer on loopback, and the lines that they log. Forwarded
/// connections go to the port of 127.0.0.1 that they name, unless the test has set another handler.
class PortForwardHost {
 public:
  using Handler = kube::ServedPortForward::Handler;

  explicit PortForwardHost(TestLoop& loop) : loop_(loop) {
    auto listening = httpstream::HttpServer::listen(
        loop.get(), "127.0.0.1", 0,
        [this](const std::shared_ptr<httpstream::HttpExchange>& exchange) { serve(*exchange); });
    REQUIRE_THAT(listening, IsSuccess());
    http_ = std::move(*listening);
  }
  PortForwardHost(const PortForwardHost&) = delete;
  PortForwardHost& operator=(const PortForwardHost&) = delete;

  /// Who gets the connections in place of 127.0.0.1.
  Handler on_connection;

  // For those that come from now on.
  std::chrono::milliseconds stream_creation_timeout = std::chrono::hours(1);
  std::chrono::milliseconds stream_idle_timeout = std::chrono::hours(1);
  std::size_t max_connections = 1000;

  std::uint16_t port() const { return http_->port(); }
  void stop_listening() { http_->close(); }
  std::size_t sessions() const { return sessions_.size(); }

  /// Ends all sessions.
  void terminate() {
    for (const auto& session : std::unordered_set(sessions_)) session->terminate();
  }

  /// Closes the connections as a server does that breaks.
  void vanish() {
    for (const auto& connection : connections_) connection->abort();
  }

  const std::vector<std::string>& log() const { return log_; }

  /// Whether a line was logged that contains `text`.
  bool logged(const std::string& text) const {
    return std::any_of(log_.begin(), log_.end(), [&text](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  }

 private:
  void serve(httpstream::HttpExchange& exchange) {
    constexpr std::array<std::string_view, 1> kProtocols = {kube::kPortForwardProtocol};
    httpstream::HttpResponse response;
    const auto protocol = httpstream::handshake(exchange.request(), response, kProtocols);
    CHECK_THAT(protocol, IsSuccess());
    kube::ServedPortForward::Options served;
    served.stream_creation_timeout = stream_creation_timeout;
    served.stream_idle_timeout = stream_idle_timeout;
    served.max_connections = max_connections;
    served.log = [this](std::string_view line) { log_.emplace_back(line); };
    const auto session = std::make_shared<kube::ServedPortForward>(
        loop_.get(), kube::PortForwardRequest{"default", "demo", "u-1", {}}, std::move(served),
        exchange.peer(),
        [this](std::shared_ptr<kube::ForwardedConnection> connection) {
          on_connection ? on_connection(std::move(connection)) : connect(std::move(connection));
        },
        [this](const std::shared_ptr<kube::ServedPortForward>& over) { sessions_.erase(over); });
    httpstream::ConnectionOptions options;
    options.close_timeout = std::chrono::hours(1);
    options.session.ping_period = std::chrono::milliseconds(50);
    auto connection = httpstream::ResponseUpgrader(options).upgrade_response(
        exchange, std::move(response), session->new_stream_handler());
    CHECK_THAT(connection, IsSuccess());
    if (!connection) return;
    sessions_.insert(session);
    connections_.push_back(*connection);
    session->start(std::move(*connection));
  }

  void connect(std::shared_ptr<kube::ForwardedConnection> connection) {
    net::connect_tcp(loop_.get(), "127.0.0.1", connection->port(), kDeadline,
                     [connection](Result<std::unique_ptr<net::Transport>> target) {
                       if (!target) return connection->fail(target.error().message());
                       connection->connect_to(std::move(*target));
                     });
  }

  TestLoop& loop_;
  std::vector<std::string> log_;
  std::unordered_set<std::shared_ptr<kube::ServedPortForward>> sessions_;
  std::vector<std::shared_ptr<httpstream::Connection>> connections_;
  std::unique_ptr<httpstream::HttpServer> http_;
};

}  // namespace uvspdy::test
