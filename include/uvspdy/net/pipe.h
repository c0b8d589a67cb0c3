#pragma once

#include <uv.h>

#include <chrono>
#include <string>

#include "uvspdy/export.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::net {

/// Connects to the local (Unix) socket at `path`. While the listener's queue is full, this tries
/// again until `timeout`, which has the meaning that it has for connect_tcp (net/tcp.h).
///
/// The handler is called once, from the loop. Errors: kBadAddress (a path that is empty or too
/// long), kTimeout, UV_ECANCELED, libuv's (ENOENT: no such file; ECONNREFUSED: nobody listens).
UVSPDY_EXPORT Attempt connect_pipe(uv_loop_t* loop, const std::string& path,
                                   std::chrono::milliseconds timeout, ConnectHandler handler);

}  // namespace uvspdy::net
