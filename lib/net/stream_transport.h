#pragma once

#include <uv.h>

#include <memory>
#include <optional>
#include <string>

#include "net/thread_check.h"
#include "uvspdy/callback.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::net {

/// A Transport over a libuv stream: a TCP connection or a local socket, with its own handle or an
/// embedder's. Its creator connects it, or opens a connected socket into it, and then calls
/// `connected`.
class StreamTransport final : public Transport {
  struct Private {};

 public:
  /// With its own uv_tcp_t or uv_pipe_t, which has no socket yet.
  static std::unique_ptr<StreamTransport> make_tcp(uv_loop_t* loop);
  static std::unique_ptr<StreamTransport> make_pipe(uv_loop_t* loop);

  /// Over an embedder's handle, which is closed here and then passed to `on_released`.
  static std::unique_ptr<StreamTransport> make_over(uv_stream_t* stream,
                                                    OnceCallback<void(uv_stream_t*)> on_released);

  explicit StreamTransport(Private, uv_loop_t* loop);  // use one of the above
  ~StreamTransport() override;
  StreamTransport(const StreamTransport&) = delete;
  StreamTransport& operator=(const StreamTransport&) = delete;

  /// The handle; null once closed.
  uv_stream_t* stream() const;

  /// Takes over a connected socket of the right kind. After an error the caller still owns it.
  int open(uv_os_sock_t socket);

  /// Begins to connect. The handler gets libuv's status, from the loop, unless the transport is
  /// closed before. After a negative result the handler is not called. Connecting to a local socket
  /// always begins.
  int connect(const sockaddr_storage& address, OnceCallback<void(int)> handler);
  void connect(const std::string& path, OnceCallback<void(int)> handler);

  /// Call once connected. `peer` is for messages; if it is empty, the kernel's address is used.
  void connected(std::string peer = {});

  /// The user whose process is at the other end of a local socket; nothing for TCP, and once
  /// closed.
  std::optional<unsigned> local_user() const;

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
  uv_loop_t* loop() const override { return loop_; }

 private:
  // The memory that libuv points to. Closing passes it to libuv, whose last callback frees it.
  struct State;

  void check_thread() const {
    thread_.check([this] { return "the Transport to " + peer_; });
  }

  uv_loop_t* loop_;
  ThreadCheck thread_;
  std::unique_ptr<State> state_;  // null once closed
  std::string peer_;
};

}  // namespace uvspdy::net
