#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::net {

struct ListenOptions {
  /// Connections that may wait to be accepted; the kernel has a limit of its own (somaxconn).
  int backlog = 511;
  /// Whether several listeners, of several loops or processes of one user, may share a TCP port
  /// (SO_REUSEPORT): the kernel spreads the connections over them. Each of them must say so.
  bool reuse_port = false;
  /// Whether the address "::" takes IPv6 only. Otherwise it takes IPv4 too.
  bool ipv6_only = false;
  /// The permissions of a local socket's file: who may write to it may connect.
  unsigned pipe_mode = 0600;
};

/// Accepts connections. Stops when it is closed or destroyed; what it has accepted lives on.
///
/// When descriptors or memory run out, connections wait in the kernel's queue. The listener tries
/// again ten times a second, and goes on by itself once it can.
class UVSPDY_EXPORT Listener {
  struct Private {};
  struct State;

 public:
  /// Gets each connection, from the loop. May close or destroy the listener. If it is nobody,
  /// connections are closed as soon as they are accepted.
  using AcceptHandler = Callback<void(std::unique_ptr<Transport>)>;
  /// Hears, from the loop, that connections could not be accepted (EMFILE and such); of the same
  /// error at most once a second. May close or destroy the listener.
  using ErrorHandler = Callback<void(const Error&)>;

  /// Listens on a numeric IPv4 or IPv6 address; port 0 picks a free one. Nagle's algorithm is off
  /// on what is accepted, and keepalive on, as with connect_tcp. Errors: kBadAddress, libuv's
  /// (EADDRINUSE, EACCES, ...).
  static Result<std::unique_ptr<Listener>> listen_tcp(uv_loop_t* loop, const std::string& address,
                                                      std::uint16_t port, AcceptHandler on_accept,
                                                      ErrorHandler on_error = {},
                                                      const ListenOptions& options = {});

  /// Listens on a local (Unix) socket. Its file never has more permissions than `pipe_mode`, not
  /// even for a moment. A file left over by a listener that is gone is replaced; the own one is
  /// removed when the listener stops, unless something else stands there by then.
  /// Errors: kBadAddress (a path that is empty or too long, a file that is no socket), libuv's
  /// (EADDRINUSE when somebody listens there, ENOENT, EACCES, ...).
  static Result<std::unique_ptr<Listener>> listen_pipe(uv_loop_t* loop, const std::string& path,
                                                       AcceptHandler on_accept,
                                                       ErrorHandler on_error = {},
                                                       const ListenOptions& options = {});

  Listener(Private, std::shared_ptr<State> state);  // use one of the above
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// The TCP port that it listens on; 0 for a local socket.
  std::uint16_t port() const;

  /// Where it listens: "127.0.0.1:80", "[::1]:80", "unix:/run/x.sock".
  const std::string& address() const;

  /// Stops listening, and lets go of the handlers. Harmless when done before.
  void close();

 private:
  std::shared_ptr<State> state_;
};

}  // namespace uvspdy::net
