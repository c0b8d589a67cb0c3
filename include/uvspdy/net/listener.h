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
  /// How many connections may wait to be accepted; the kernel has its own limit (somaxconn).
  int backlog = 511;
  /// Whether several listeners, on several loops or in several processes of one user, may share a
  /// TCP port (SO_REUSEPORT); the kernel distributes the connections. All of them must set it.
  bool reuse_port = false;
  /// Whether listening on "::" accepts IPv6 only, or IPv4 as well.
  bool ipv6_only = false;
  /// Permissions of a local socket's file: whoever may write to the file may connect.
  unsigned pipe_mode = 0600;
};

/// Accepts connections until it is closed or destroyed. Accepted connections outlive it.
///
/// While descriptors or memory are short, connections wait in the kernel's queue and the listener
/// tries to accept them ten times a second.
class UVSPDY_EXPORT Listener {
  struct Private {};
  struct State;

 public:
  /// Called from the loop with each accepted connection. May close or destroy the listener. If it
  /// is empty, connections are closed as soon as they are accepted.
  using AcceptHandler = Callback<void(std::unique_ptr<Transport>)>;
  /// Called from the loop when connections cannot be accepted (EMFILE and such); for the same error
  /// at most once a second. May close or destroy the listener.
  using ErrorHandler = Callback<void(const Error&)>;

  /// Listens on a numeric IPv4 or IPv6 address; port 0 selects a free port. On accepted connections
  /// Nagle's algorithm is off and keepalive on, as with connect_tcp (net/tcp.h). Errors:
  /// kBadAddress, libuv's (EADDRINUSE, EACCES, ...).
  static Result<std::unique_ptr<Listener>> listen_tcp(uv_loop_t* loop, const std::string& address,
                                                      std::uint16_t port, AcceptHandler on_accept,
                                                      ErrorHandler on_error = {},
                                                      const ListenOptions& options = {});

  /// Listens on a local (Unix) socket. Its file never has more permissions than `pipe_mode`, not
  /// even for a moment. A socket file left over by a listener that is gone is replaced; the
  /// listener removes its own file when it stops, unless another file has taken its place. Errors:
  /// kBadAddress (a path that is empty or too long; a file there that is no socket), libuv's
  /// (EADDRINUSE: somebody listens there; ENOENT, EACCES, ...).
  static Result<std::unique_ptr<Listener>> listen_pipe(uv_loop_t* loop, const std::string& path,
                                                       AcceptHandler on_accept,
                                                       ErrorHandler on_error = {},
                                                       const ListenOptions& options = {});

  Listener(Private, std::shared_ptr<State> state);  // use one of the above
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// The TCP port that the listener listens on; 0 for a local socket.
  std::uint16_t port() const;

  /// The address that it listens on: "127.0.0.1:80", "[::1]:80", "unix:/run/x.sock".
  const std::string& address() const;

  /// Stops listening and frees the handlers. Does nothing if called before.
  void close();

 private:
  std::shared_ptr<State> state_;
};

}  // namespace uvspdy::net
