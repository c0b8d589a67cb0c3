#pragma once

#include <uv.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "uvspdy/error.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/handle.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::net {

/// Connects to `host` (a name, or a numeric IPv4 or IPv6 address without brackets) and `port`.
/// Names are resolved on libuv's thread pool and their addresses tried in turn. Nagle's algorithm
/// is off on the connection that results.
///
/// The handler runs once, from the loop. Errors: kBadAddress, kTimeout after `timeout`,
/// UV_ECANCELED, libuv's for the last address tried.
Attempt connect_tcp(uv_loop_t* loop, const std::string& host, std::uint16_t port,
                    std::chrono::milliseconds timeout, ConnectHandler handler);

/// Accepts TCP connections. Stops when it is closed or destroyed; what it has accepted lives on.
class TcpListener {
  struct Private {};

 public:
  using AcceptHandler = std::function<void(std::unique_ptr<Transport>)>;
  using ErrorHandler = std::function<void(const Error&)>;

  /// Listens on a numeric address; port 0 picks a free one. `on_error` hears of connections that
  /// could not be accepted (EMFILE and such); the listener goes on.
  /// Errors: kBadAddress, libuv's (EADDRINUSE, EACCES, ...).
  static Result<std::unique_ptr<TcpListener>> listen(uv_loop_t* loop, const std::string& address,
                                                     std::uint16_t port, AcceptHandler on_accept,
                                                     ErrorHandler on_error = {});
  explicit TcpListener(Private);  // use `listen`
  ~TcpListener();
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  /// The port that it listens on.
  std::uint16_t port() const { return port_; }

  /// Stops listening. Harmless when done before.
  void close();

 private:
  struct Handlers;

  Handle<uv_tcp_t> tcp_;
  std::shared_ptr<Handlers> handlers_;
  std::uint16_t port_ = 0;
};

/// Whether a numeric address is one of the machine's own loopback addresses (127.0.0.0/8, ::1).
bool is_loopback(const std::string& address);

}  // namespace uvspdy::net
