#pragma once

#include <uv.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "uvspdy/callback.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/kube/protocol/runtime.h"
#include "uvspdy/kube/protocol/streaming_target.h"

namespace uvspdy::kube {

/// How a StreamingServer behaves. Every field has a default, but URLs need a `base_url`. Times of 0
/// are over at once, but for stream_idle_timeout.
struct StreamingServerOptions {
  /// A PING every 5 s, so that a client that has vanished without a word is noticed also while a
  /// command neither reads nor writes.
  httpstream::ConnectionOptions connection{.session = {.ping_period = std::chrono::seconds(5)}};
  /// How long a client may take to create the streams that its request promises, or the second
  /// one of a forwarded connection.
  std::chrono::milliseconds stream_creation_timeout = std::chrono::seconds(30);
  /// How long a command with a terminal waits, once its streams are there, for the terminal's first
  /// size: a program asks for the size when it starts. kubectl sends the size after it has created
  /// the last stream. A client that sends none has its command run without.
  std::chrono::milliseconds terminal_size_timeout = std::chrono::seconds(1);
  /// How long a connection may go without a frame, our own PINGs left out, before it is closed,
  /// with all that it carries; 0: for ever.
  std::chrono::milliseconds stream_idle_timeout = std::chrono::hours(4);
  /// How many connections one portforward may carry at one time; streams for more are refused.
  std::size_t max_forwarded_connections = 1000;
  /// How long to wait for the client to close once it has its status.
  std::chrono::milliseconds close_grace = std::chrono::seconds(3);
  /// Where clients reach `serve_token`: "https://10.0.0.1:10010", or with a path in front of
  /// ours, "https://10.0.0.1:10010/cri". Needed for URLs alone.
  std::string base_url{};
  /// How long a URL may wait to be used (0: no URL works), and how many may wait.
  std::chrono::milliseconds token_lifetime = std::chrono::minutes(1);
  std::size_t max_tokens = 1000;
  /// Hears, a line each, of streams that were refused and of connections that broke.
  Callback<void(std::string_view)> log{};
};

/// The server of exec, attach and portforward over SPDY, for clients such as kubectl, API servers,
/// kubelets and uvspdy: it upgrades connections, waits for their streams, and hands them to a
/// Runtime. It has the shape of the CRI streaming server. It does not listen: exchanges come from
/// an HttpServer, with or without TLS, or from the embedder's own server.
///
/// A request is authorized in one of two places. A container runtime does it where it is asked for
/// a URL (`exec_url`), whose random token then stands for the request: `serve_token`. A server of
/// the API server's or the kubelet's paths does it with the request itself, and hands that over:
/// `serve_authorized`, which asks nobody.
class UVSPDY_EXPORT StreamingServer {
 public:
  using Options = StreamingServerOptions;

  /// Without a `runtime` (null) every request is refused with 503.
  StreamingServer(uv_loop_t* loop, std::shared_ptr<Runtime> runtime,
                  StreamingServerOptions options = {});
  /// As `stop`, with nobody more to tell: a `done` that was given before is still called.
  ~StreamingServer();
  StreamingServer(const StreamingServer&) = delete;
  StreamingServer& operator=(const StreamingServer&) = delete;

  /// A URL for a request that the embedder has authorized: BASE/exec/TOKEN, BASE/attach/TOKEN,
  /// BASE/portforward/TOKEN. It works for one client, once, within token_lifetime. Errors:
  /// kBadRequest (no command, nothing to stream); kTooManyRequests when max_tokens wait to be used;
  /// httpstream::Errc::kBadUrl for a base_url that is none; kNoRandomness.
  Result<std::string> exec_url(ExecRequest request);
  Result<std::string> attach_url(AttachRequest request);
  Result<std::string> port_forward_url(PortForwardRequest request);

  /// Such an error as an HTTP answer: 400 for kBadRequest; 429 with Retry-After for
  /// kTooManyRequests; else 500.
  httpstream::HttpResponse response_for(const Error& error) const;

  /// Answers a request for such a URL as `serve_authorized` does. Any other path, and a
  /// token that is unknown, used, expired or of another operation: 404. A request that asks for no
  /// SPDY upgrade does not use up its token.
  void serve_token(const std::shared_ptr<httpstream::HttpExchange>& exchange);

  /// Answers a request that the embedder has authorized: upgrades the connection, waits for the
  /// streams, and calls the Runtime. A client that creates too few streams in time, or others than
  /// its request promises, gets a failure on its error stream, and the Runtime is not called.
  /// Requests that cannot be served (neither POST nor GET, no upgrade, no common protocol, nothing
  /// to stream) are answered with a status and a text.
  void serve_authorized(const std::shared_ptr<httpstream::HttpExchange>& exchange,
                        StreamingRequest request);

  /// Takes no more requests, and closes the connections that can be: those whose streams are not
  /// all there, those that have their status, and portforwards with all that they carry, which have
  /// no end of their own. The others go on until the Runtime finishes them, which is the embedder's
  /// to see to; from then on a client that takes nothing for close_grace is dropped, and one that
  /// reads slowly after ConnectionOptions::slow_reader_timeout. `done`, which may be empty, runs
  /// from the loop, once, when no connection is left; so does that of each further call.
  void stop(OnceCallback<void()> done);

  /// Connections under way.
  std::size_t connections() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace uvspdy::kube
