#pragma once

#include <uv.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "uvspdy/export.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::net {

/// Connects to `host` (a name, or a numeric IPv4 or IPv6 address without brackets) and `port`.
/// Names are resolved on libuv's thread pool. Several addresses are tried with the families in
/// turn, the next one when the last has failed or not answered for 250 ms; the first connection
/// wins (RFC 8305). Nagle's algorithm is switched off and keepalive on, to notice a peer that
/// vanishes without a FIN or reset: after 60 s of silence it is probed every 10 s, and after six
/// unanswered probes the connection fails with UV_ETIMEDOUT.
///
/// The handler is called once, from the loop. Errors: kBadAddress (the name cannot be resolved);
/// kTimeout after `timeout` (0 or less: in the loop's next turn; milliseconds::max(): never);
/// UV_ECANCELED; libuv's for the address that failed last, with a text that names all. A look-up
/// that a thread has begun cannot be cancelled and keeps the loop alive until the system answers.
UVSPDY_EXPORT Attempt connect_tcp(uv_loop_t* loop, const std::string& host, std::uint16_t port,
                                  std::chrono::milliseconds timeout, ConnectHandler handler);

/// Whether `address` is a numeric loopback address (127.0.0.0/8, ::1); false for names.
UVSPDY_EXPORT bool is_loopback(const std::string& address);

}  // namespace uvspdy::net
