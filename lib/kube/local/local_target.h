#pragma once

#include <uv.h>

#include <chrono>
#include <memory>
#include <string>

#include "uvspdy/kube/protocol/forwarded_connection.h"

namespace uvspdy::kube {

/// Connects a client with the port that it asks for, on 127.0.0.1 or, if that refuses, on ::1; or
/// reports to the client why not. Gives up when the client does.
void connect_local(uv_loop_t* loop, std::chrono::milliseconds timeout,
                   const std::shared_ptr<ForwardedConnection>& connection);

/// Connects a client with the local (Unix) socket at `path`; otherwise like the function above.
void connect_local(uv_loop_t* loop, const std::string& path, std::chrono::milliseconds timeout,
                   const std::shared_ptr<ForwardedConnection>& connection);

}  // namespace uvspdy::kube
