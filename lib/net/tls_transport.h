#pragma once

#include <memory>
#include <string>

#include "net/thread_check.h"
#include "net/tls_link.h"
#include "uvspdy/net/tls.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::net {

/// The Transport that results from a handshake.
class TlsTransport final : public Transport {
 public:
  TlsTransport(std::unique_ptr<TlsLink> link, TlsInfo info);
  ~TlsTransport() override;
  TlsTransport(const TlsTransport&) = delete;
  TlsTransport& operator=(const TlsTransport&) = delete;

  void set_read_handlers(ReadHandler on_read, EndHandler on_end) override;
  void start_reading() override;
  void stop_reading() override;
  Result<std::size_t> try_write(std::span<const Bytes> spans) override;
  void write(std::span<const Bytes> spans, WriteHandler handler) override;
  void shutdown(DoneHandler handler) override;
  std::size_t unacknowledged() const override;
  void close(CloseHandler handler) override;
  void abort(CloseHandler handler) override;
  Error check_peer() const override;
  std::string peer() const override { return peer_; }
  const TlsInfo* tls() const override { return &info_; }
  uv_loop_t* loop() const override { return loop_; }

 private:
  class State;

  void check_thread() const {
    thread_.check([this] { return "the TLS Transport to " + peer_; });
  }

  uv_loop_t* loop_;
  ThreadCheck thread_;
  std::string peer_;
  TlsInfo info_;
  std::shared_ptr<State> state_;  // null once closed
};

}  // namespace uvspdy::net
