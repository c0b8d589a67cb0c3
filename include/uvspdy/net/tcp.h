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
/// Names are resolved on libuv's thread pool. Of several addresses, IPv6 and IPv4 ones in turn,
/// each has 250 ms to answer before the next one is tried too; the first to answer wins (RFC 8305).
/// On the connection that results Nagle's algorithm is off. So that a peer that vanishes without a
/// word is noticed, keepalive is on: a peer that has been silent for a minute is probed every ten
/// seconds, and the connection fails with UV_ETIMEDOUT when it has not answered six times.
///
/// The handler runs once, from the loop. Errors: kBadAddress (no such name), kTimeout after
/// `timeout` (0 or less: in the loop's next turn; milliseconds::max(): never), UV_ECANCELED,
/// libuv's for the address that failed last; the text names each address. A look-up that the system
/// has begun cannot be stopped: it keeps the loop until it is over.
UVSPDY_EXPORT Attempt connect_tcp(uv_loop_t* loop, const std::string& host, std::uint16_t port,
                                  std::chrono::milliseconds timeout, ConnectHandler handler);

/// Whether a numeric address is one of the machine's own loopback addresses (127.0.0.0/8, ::1).
UVSPDY_EXPORT bool is_loopback(const std::string& address);

}  // namespace uvspdy::net
