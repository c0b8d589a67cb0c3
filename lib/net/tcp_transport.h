#pragma once

#include <uv.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "uvspdy/net/timer.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::net {

/// An address as people write it: "127.0.0.1:80", "[::1]:80".
std::string to_string(const sockaddr_storage& address);

/// A Transport over a uv_tcp_t, which it makes; a listener accepts into it, a connector connects
/// it, and then calls `connected`.
class TcpTransport final : public Transport {
 public:
  explicit TcpTransport(uv_loop_t* loop);
  ~TcpTransport() override;
  TcpTransport(const TcpTransport&) = delete;
  TcpTransport& operator=(const TcpTransport&) = delete;

  uv_tcp_t* handle() const;
  void connected();

  void set_read_handlers(ReadHandler on_read, EndHandler on_end) override;
  void start_reading() override;
  void stop_reading() override;
  Result<std::size_t> try_write(std::span<const Bytes> spans) override;
  void write(std::span<const Bytes> spans, WriteHandler handler) override;
  void shutdown(DoneHandler handler) override;
  std::size_t unacknowledged() const override;
  void close(CloseHandler handler) override;
  std::string peer() const override { return peer_; }
  uv_loop_t* loop() const override { return loop_; }

 private:
  // What libuv points to. Closing gives it to libuv, which frees it with the last callback.
  struct State;

  void fail_later(std::function<void()> call);

  uv_loop_t* loop_;
  std::unique_ptr<State> state_;  // null once closed
  std::string peer_;
  // Failures that libuv tells at once, on their way to the handlers that hear of them later.
  std::shared_ptr<std::deque<std::function<void()>>> failures_;
  std::unique_ptr<Wakeup> tell_failures_;
};

}  // namespace uvspdy::net
