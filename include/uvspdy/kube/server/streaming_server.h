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
#include "uvspdy/kube/server/guess_limits.h"

namespace uvspdy::kube {

/// How a StreamingServer behaves. Every field has a default; only `exec_url` and its like need a
/// `base_url`. A time limit of 0 is over at once, except stream_idle_timeout.
struct StreamingServerOptions {
  /// Options of each SPDY connection. The default sends a PING every 5 s, because a client that
  /// vanished without closing is noticed only by sending to it.
  httpstream::ConnectionOptions connection{.session = {.ping_period = std::chrono::seconds(5)}};
  /// How long a client may take to create all streams of its exec or attach, or the second stream
  /// of a forwarded connection.
  std::chrono::milliseconds stream_creation_timeout = std::chrono::seconds(30);
  /// How long a command with a terminal waits for the terminal's first size once all streams are
  /// created, because programs ask for the size when they start. kubectl sends it after it has
  /// created the last stream. Without a size in time, the command is run without one.
  std::chrono::milliseconds terminal_size_timeout = std::chrono::seconds(1);
  /// How long a connection may carry no frame, this side's PINGs and their answers left out, until
  /// it is closed with everything on it; 0: for ever.
  std::chrono::milliseconds stream_idle_timeout = std::chrono::hours(4);
  /// How many forwarded connections one SPDY connection may carry at a time; more are refused.
  std::size_t max_forwarded_connections = 1000;
  /// How many execs and attaches may be under way at a time, in all and of one user; more are
  /// answered with 429. A command costs a process, up to five descriptors and as many streams, and
  /// counts until its connection is closed and the Runtime has let go of it. A user is
  /// ExecRequest::user; requests without one count in all only. A node's pods have a few execs at a
  /// time; a user who runs one on each of a hundred pods is not stopped.
  std::size_t max_commands = 512;
  std::size_t max_commands_per_user = 128;
  /// How long a client may take to close its connection after its status was sent.
  std::chrono::milliseconds close_grace = std::chrono::seconds(3);
  /// The URL under which clients reach `serve_token`: "https://10.0.0.1:10010", or with a path
  /// prefix, "https://10.0.0.1:10010/cri".
  std::string base_url{};
  /// How long an unused URL stays valid (0: not at all), and how many unused URLs there may be.
  std::chrono::milliseconds token_lifetime = std::chrono::minutes(1);
  std::size_t max_tokens = 1000;
  /// How many wrong or expired URLs an address may ask for. More than for logins: an API server is
  /// one address, and its clients may be late. With max_tokens valid URLs, an address finds one in
  /// 9,000 years.
  GuessLimits guesses{.burst = 100, .per_minute = 60};
  /// Receives a line of text for each failure, within `log_limits`: a stream refused, a connection
  /// broken.
  httpstream::LogHandler log{};
  httpstream::LogLimits log_limits{};
};

/// The server side of exec, attach and portforward over SPDY, for clients such as kubectl, API
/// servers, kubelets and uvspdy. Like the CRI streaming server, it upgrades HTTP connections, waits
/// for the client's streams, and passes them to a Runtime. It does not listen: HttpExchanges come
/// from an HttpServer or the embedder's own server. It belongs to its loop's thread.
///
/// The embedder authorizes a request before this class serves it. A container runtime does so when
/// it is asked for a URL (`exec_url`); `serve_token` then serves whoever comes with the URL's
/// random token. A server with the paths of an API server or a kubelet authorizes the HTTP request
/// itself and passes it to `serve_authorized`, which does not check it again.
class UVSPDY_EXPORT StreamingServer {
 public:
  using Options = StreamingServerOptions;

  /// If `runtime` is null, every authorized request is answered with 503.
  StreamingServer(uv_loop_t* loop, std::shared_ptr<Runtime> runtime,
                  StreamingServerOptions options = {});
  /// Does what `stop` does. The `done` of earlier calls of `stop` still runs.
  ~StreamingServer();
  StreamingServer(const StreamingServer&) = delete;
  StreamingServer& operator=(const StreamingServer&) = delete;

  /// Makes a URL for a request that the embedder has authorized: BASE/exec/TOKEN, BASE/attach/TOKEN
  /// or BASE/portforward/TOKEN. It works once, within token_lifetime. Errors: kBadRequest (no
  /// command, a NUL in a command, no stream); kTooManyRequests (max_tokens URLs are unused);
  /// kNoRandomness; httpstream::Errc::kBadUrl (base_url is empty or malformed).
  Result<std::string> exec_url(ExecRequest request);
  Result<std::string> attach_url(AttachRequest request);
  Result<std::string> port_forward_url(PortForwardRequest request);

  /// Makes the HTTP answer (a Status as JSON) for an error of `exec_url` and its like: 400 for
  /// kBadRequest, 429 with Retry-After for kTooManyRequests, else 500.
  httpstream::HttpResponse response_for(const Error& error) const;

  /// Serves a request for a URL of `exec_url` and its like, as `serve_authorized` does. Answers 404
  /// to another path, and to a token that is unknown, used, expired or of another operation; 429 to
  /// an address that has sent too many of these (`guesses`). A
  /// request that asks for no SPDY upgrade does not use up its token.
  void serve_token(const std::shared_ptr<httpstream::HttpExchange>& exchange);

  /// Serves a request that the embedder has authorized: upgrades the connection, waits for the
  /// client's streams, and calls the Runtime. An exec or attach client that does not create all of
  /// its streams in time, or creates others, gets a failure on its error stream instead. Requests
  /// that it does not serve are answered with 405 (neither POST nor GET), 400 (no upgrade to SPDY,
  /// protocol, command or stream), 403 (no common protocol), 429 with Retry-After (max_commands,
  /// max_commands_per_user) or 503 (stopped, or no Runtime).
  void serve_authorized(const std::shared_ptr<httpstream::HttpExchange>& exchange,
                        StreamingRequest request);

  /// Takes no more requests. Closes portforwards with everything on them, and those execs and
  /// attaches whose streams are not all created or whose status was sent. The embedder must make
  /// the Runtime finish the others; after that, a client that takes nothing for close_grace is
  /// dropped, and one that reads slowly after ConnectionOptions::slow_reader_timeout. `done`, which
  /// may be empty, runs once, from the loop, when no connection is left; so does the `done` of each
  /// further call.
  void stop(OnceCallback<void()> done);

  /// The number of SPDY connections that are being served.
  std::size_t connections() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace uvspdy::kube
