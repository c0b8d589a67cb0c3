#pragma once

#include <uv.h>

#include <chrono>
#include <string>
#include <vector>

#include "uvspdy/net/attempt.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::net {

/// The part of connect_tcp after the look-up: tries `addresses`, in the order given. `target` is
/// for messages. Handler and errors are those of connect_tcp.
Attempt connect_addresses(uv_loop_t* loop, const std::string& target,
                          std::vector<sockaddr_storage> addresses,
                          std::chrono::milliseconds attempt_delay,
                          std::chrono::milliseconds timeout, ConnectHandler handler);

}  // namespace uvspdy::net
