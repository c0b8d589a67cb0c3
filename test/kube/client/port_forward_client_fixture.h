#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "kube/server/port_forward_fixture.h"
#include "support/raw_peer.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "uvspdy/kube/client/port_forward_client.h"

namespace uvspdy::test {

/// One connection that is forwarded: its local end, and how it ended.
struct Forwarded {
  std::unique_ptr<RawPeer> local;
  std::optional<Error> done;
};

/// A PortForwarder that is connected to a port of this machine.
class TestForwarder {
 public:
  TestForwarder(TestLoop& loop, std::uint16_t port, kube::PortForwarderOptions options = {})
      : loop_(loop) {
    kube::ClientConfig config;
    config.server.host = "127.0.0.1";
    config.server.port = port;
    auto server = kube::ApiServer::create(loop.get(), config);
    REQUIRE_THAT(server, IsSuccess());
    kube::PortForwarder::dial(
        **server, {"default", "demo", {}, {}},
        [this](Result<std::shared_ptr<kube::PortForwarder>> forwarder) {
          CHECK_THAT(forwarder, IsSuccess());
          if (forwarder) forwarder_ = std::move(*forwarder);
        },
        options);
    CHECK_FALSE(forwarder_);
    REQUIRE(loop.run_until([this] { return forwarder_ != nullptr; }));
    forwarder_->on_close([this](const Error& error) {
      CHECK_FALSE(closed);
      closed = error;
    });
  }
  TestForwarder(const TestForwarder&) = delete;
  TestForwarder& operator=(const TestForwarder&) = delete;

  kube::PortForwarder* operator->() const { return forwarder_.get(); }

  /// A new local connection, forwarded to a port.
  std::unique_ptr<Forwarded> forward(std::uint16_t port) {
    TcpPair tcp(loop_);
    auto forwarded = std::make_unique<Forwarded>();
    forwarded->local = std::make_unique<RawPeer>(std::move(tcp.client));
    forwarded->local->start_reading();
    forwarder_->forward(std::move(tcp.server), port, [at = forwarded.get()](const Error& error) {
      CHECK_FALSE(at->done);
      at->done = error;
    });
    CHECK_FALSE(forwarded->done);
    return forwarded;
  }

  void drop() { forwarder_.reset(); }

  /// Closes it, and the server's end; nothing may be left.
  void close(PortForwardHost& host) {
    host.stop_listening();
    forwarder_->close();
    REQUIRE(loop_.run_out());
    CHECK(host.sessions() == 0);
    CHECK(closed);
  }

  std::optional<Error> closed;

 private:
  TestLoop& loop_;
  std::shared_ptr<kube::PortForwarder> forwarder_;
};

}  // namespace uvspdy::test
