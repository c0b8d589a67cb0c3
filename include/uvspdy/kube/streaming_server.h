#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/kube/runtime.h"
#include "uvspdy/kube/streaming_target.h"

namespace uvspdy::kube {

/// The server of exec and attach over SPDY, for clients such as kubectl, API servers, kubelets and
/// uvspdy: it upgrades connections, waits for their streams, and hands them to a Runtime. It has
/// the shape of the CRI streaming server. It does not listen: exchanges come from an HttpServer, or
/// from the embedder's own server.
class StreamingServer {
 public:
  struct Options {
    /// A PING every 5 s, so that a client that has vanished without a word is noticed also while a
    /// command neither reads nor writes.
    httpstream::ConnectionOptions connection;
    /// How long a client may take to create the streams that its request promises.
    std::chrono::milliseconds stream_creation_timeout = std::chrono::seconds(30);
    /// How long to wait for the client to close once it has its status.
    std::chrono::milliseconds close_grace = std::chrono::seconds(3);
    /// Hears, a line each, of streams that were refused and of connections that broke.
    std::function<void(std::string_view)> log;

    Options() { connection.session.ping_period = std::chrono::seconds(5); }
  };

  StreamingServer(uv_loop_t* loop, std::shared_ptr<Runtime> runtime, Options options = {});
  /// As `stop`, but nobody is told.
  ~StreamingServer();
  StreamingServer(const StreamingServer&) = delete;
  StreamingServer& operator=(const StreamingServer&) = delete;

  /// Answers a request that the embedder has authorized: upgrades the connection, waits for the
  /// streams, and calls the Runtime. A client that creates too few streams in time, or others than
  /// its request promises, gets a failure on its error stream, and the Runtime is not called.
  /// Requests that cannot be served (no upgrade, no common protocol, nothing to stream) are
  /// answered with a status and a text.
  void serve(const std::shared_ptr<httpstream::HttpExchange>& exchange, StreamingRequest request);

  /// Takes no more requests, and closes the connections that the Runtime does not have: those whose
  /// streams are not all there and those that have their status. The others go on until the
  /// Runtime finishes them, which is the embedder's to see to; from then on a client that does not
  /// read has close_grace. `done` runs from the loop once no session is left.
  void stop(std::function<void()> done);

  /// Connections under way.
  std::size_t sessions() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace uvspdy::kube
