#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/address.h"
#include "net/descriptor.h"
#include "net/stream_transport.h"
#include "support/test_loop.h"
#include "uvspdy/net/adopt.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tcp.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::test {

/// Has a TCP transport go with a reset when it is closed.
inline void reset_on_close(net::Transport& transport) {
  uv_os_fd_t fd = -1;
  void* handle = dynamic_cast<net::StreamTransport&>(transport).stream();
  REQUIRE(uv_fileno(static_cast<uv_handle_t*>(handle), &fd) == 0);
  const linger at_once{1, 0};
  REQUIRE(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
}

/// One end of a TCP connection by hand: sends the bytes that a test gives it, and keeps what comes.
class RawPeer {
 public:
  explicit RawPeer(std::unique_ptr<net::Transport> transport) : transport_(std::move(transport)) {
    transport_->set_read_handlers(
        [this](Bytes bytes) {
          received_ += text_of(bytes);
          if (on_received) on_received();
        },
        [this](const Error& error) {
          ended_ = true;
          end_ = error;
        });
  }

  /// Connects to a port of this machine; runs the loop until that is done.
  static std::unique_ptr<RawPeer> connect(TestLoop& loop, std::uint16_t port) {
    std::unique_ptr<RawPeer> peer;
    net::connect_tcp(loop.get(), "127.0.0.1", port, kDeadline,
                     [&peer](Result<std::unique_ptr<net::Transport>> transport) {
                       CHECK_THAT(transport, IsSuccess());
                       if (transport) peer = std::make_unique<RawPeer>(std::move(*transport));
                     });
    REQUIRE(loop.run_until([&] { return peer != nullptr; }));
    peer->start_reading();
    return peer;
  }

  /// The same as a client whose address is `from`: 127.0.0.1, 127.0.0.2, ... are different clients.
  static std::unique_ptr<RawPeer> connect_from(TestLoop& loop, const char* from,
                                               std::uint16_t port) {
    auto transport = connected_from(loop, from, port);
    auto peer = std::make_unique<RawPeer>(std::move(transport));
    peer->start_reading();
    return peer;
  }
  static std::unique_ptr<net::Transport> connected_from(TestLoop& loop, const char* from,
                                                        std::uint16_t port) {
    net::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto own = net::parse_address(from, 0);
    auto server = net::parse_address("127.0.0.1", port);
    REQUIRE((own && server));
    REQUIRE(bind(socket.get(), net::base_of(*own), sizeof(sockaddr_in)) == 0);
    // The kernel completes it before the server accepts.
    REQUIRE(::connect(socket.get(), net::base_of(*server), sizeof(sockaddr_in)) == 0);
    auto transport = net::adopt(loop.get(), socket.get());
    REQUIRE_THAT(transport, IsSuccess());
    socket.release();
    return std::move(*transport);
  }

  void start_reading() { transport_->start_reading(); }
  void stop_reading() { transport_->stop_reading(); }

  /// Sends text behind what was sent before. Each call is a write of its own.
  void send(std::string text) {
    queue_.push_back(std::move(text));
    if (queue_.size() == 1) write_next();
  }
  void send(Bytes bytes) { send(std::string(text_of(bytes))); }

  /// Whether all of that is with the kernel.
  bool sent_all() const { return queue_.empty(); }

  /// How much of it is not at the other side yet.
  std::size_t unacknowledged() const { return transport_->unacknowledged(); }

  /// Ends the sending side.
  void shut_down() { transport_->shutdown({}); }

  /// Closes the socket.
  void close() { transport_->close({}); }

  /// Closes the socket so that the other side gets a TCP reset.
  void vanish() {
    reset_on_close(*transport_);
    close();
  }

  /// All that has come.
  const std::string& received() const { return received_; }

  /// Whether the other side has ended, and how: success is an orderly end.
  bool ended() const { return ended_; }
  const Error& end() const { return end_; }

  /// Called for each piece that comes.
  std::function<void()> on_received;

 private:
  void write_next() {
    written_ = 0;
    write_rest();
  }

  void write_rest() {
    const Bytes rest = bytes_of(queue_.front()).subspan(written_);
    transport_->write(std::span(&rest, 1), [this](Result<std::size_t> result) {
      if (!result) return queue_.clear();
      written_ += *result;
      if (written_ < queue_.front().size()) return write_rest();
      queue_.pop_front();
      if (!queue_.empty()) write_next();
    });
  }

  std::unique_ptr<net::Transport> transport_;
  std::deque<std::string> queue_;
  std::size_t written_ = 0;
  std::string received_;
  bool ended_ = false;
  Error end_;
};

/// Listens on loopback and makes a RawPeer of each connection.
class RawServer {
 public:
  explicit RawServer(TestLoop& loop) : loop_(loop) {
    auto listener = net::Listener::listen_tcp(
        loop.get(), "127.0.0.1", 0, [this](std::unique_ptr<net::Transport> transport) {
          peers.push_back(std::make_unique<RawPeer>(std::move(transport)));
          peers.back()->start_reading();
        });
    REQUIRE_THAT(listener, IsSuccess());
    listener_ = std::move(*listener);
  }

  std::uint16_t port() const { return listener_->port(); }

  /// The next connection; runs the loop until it has come, and stops listening.
  RawPeer& accept() {
    REQUIRE(loop_.run_until([this] { return !peers.empty(); }));
    close();
    return *peers.front();
  }

  void close() { listener_->close(); }

  std::vector<std::unique_ptr<RawPeer>> peers;

 private:
  TestLoop& loop_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace uvspdy::test
