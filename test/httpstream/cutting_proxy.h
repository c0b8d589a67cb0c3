#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tcp.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::test {

/// A CONNECT proxy for one connection, in front of one server, which goes away behind so many bytes
/// of the client's or for the client, its own answer counted in.
class CuttingProxy {
 public:
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

  struct Cut {
    bool up = true;  ///< of the client's bytes, else of those for it
    std::size_t after = kNever;
    bool reset = false;  ///< goes with a TCP reset
  };

  CuttingProxy(TestLoop& loop, std::uint16_t server_port, Cut cut)
      : loop_(loop), server_port_(server_port), cut_(cut) {
    auto listener = net::Listener::listen_tcp(
        loop.get(), "127.0.0.1", 0, [this](std::unique_ptr<net::Transport> transport) {
          listener_->close();
          start(client_, std::move(transport), &CuttingProxy::from_client);
        });
    REQUIRE_THAT(listener, IsSuccess());
    listener_ = std::move(*listener);
  }

  std::uint16_t port() const { return listener_->port(); }
  /// The bytes that were passed on.
  std::size_t up() const { return up_; }
  std::size_t down() const { return down_; }
  bool gone() const { return gone_; }

  void leave() {
    gone_ = true;
    listener_->close();
    // What the other side has not read yet goes with a reset.
    if (client_ && cut_.reset) reset_on_close(*client_);
    if (client_) client_->close({});
    if (server_) server_->close({});
  }

 private:
  void start(std::unique_ptr<net::Transport>& side, std::unique_ptr<net::Transport> transport,
             void (CuttingProxy::*take)(Bytes)) {
    side = std::move(transport);
    side->set_read_handlers([this, take](Bytes bytes) { (this->*take)(bytes); },
                            [this](const Error&) { leave(); });
    side->start_reading();
  }

  void from_client(Bytes bytes) {
    const Bytes passed = bytes.first(std::min(bytes.size(), left(true, up_)));
    up_ += passed.size();
    if (server_) {
      hand(*server_, passed);
    } else {
      head_ += text_of(passed);
      if (head_.ends_with("\r\n\r\n")) connect();
    }
    if (left(true, up_) == 0) leave();
  }

  void from_server(Bytes bytes) {
    const Bytes passed = bytes.first(std::min(bytes.size(), left(false, down_)));
    down_ += passed.size();
    hand(*client_, passed);
    if (left(false, down_) == 0) leave();
  }

  void connect() {
    net::connect_tcp(loop_.get(), "127.0.0.1", server_port_, kDeadline,
                     [this](Result<std::unique_ptr<net::Transport>> transport) {
                       CHECK_THAT(transport, IsSuccess());
                       if (!transport || gone_) return;
                       start(server_, std::move(*transport), &CuttingProxy::from_server);
                       from_server(bytes_of("HTTP/1.1 200 OK\r\n\r\n"));
                     });
  }

  std::size_t left(bool up, std::size_t passed) const {
    return cut_.up == up ? cut_.after - passed : kNever;
  }

  // What a handshake has fits into any socket's buffer.
  static void hand(net::Transport& side, Bytes bytes) {
    if (bytes.empty()) return;
    const auto count = side.try_write(std::span(&bytes, 1));
    if (count) CHECK(*count == bytes.size());
  }

  TestLoop& loop_;
  std::uint16_t server_port_;
  Cut cut_;
  std::unique_ptr<net::Listener> listener_;
  std::unique_ptr<net::Transport> client_;
  std::unique_ptr<net::Transport> server_;
  std::string head_;
  std::size_t up_ = 0;
  std::size_t down_ = 0;
  bool gone_ = false;
};

}  // namespace uvspdy::test
