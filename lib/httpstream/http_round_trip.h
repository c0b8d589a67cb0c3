#pragma once

#include <uv.h>

#include <chrono>
#include <memory>

#include "httpstream/response_reader.h"
#include "httpstream/server_connector.h"
#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// A server's answer.
struct HttpAnswer {
  HttpResponse response;
  Error incomplete;                           ///< why the body is not whole; success: it is
  std::unique_ptr<net::Transport> transport;  ///< null unless the answer ends HTTP
  Buffer already_read;                        ///< the bytes that came after such an answer
};

/// Connects by a route, sends a request and reads its answer with `reader`. The handler is called
/// once, from the loop, and may be empty. Errors: that of `route`; kBadHead for a request that
/// cannot be sent (nothing is connected to then); those of connect_server; kBadHead, kHeadTooLarge,
/// kTimeout, kConnectionLost; UV_ECANCELED.
net::Attempt round_trip(uv_loop_t* loop, Result<Route> route, const HttpRequest& request,
                        ResponseReader reader, std::chrono::milliseconds timeout,
                        OnceCallback<void(Result<HttpAnswer>)> handler);

}  // namespace uvspdy::httpstream
