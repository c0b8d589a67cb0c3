#pragma once

#include <uv.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/http_client.h"
#include "uvspdy/httpstream/upgrade_round_tripper.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/kube/config/client_config.h"
#include "uvspdy/kube/credentials/authenticator.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/session/trace.h"

namespace uvspdy::kube {

/// How an ApiServer connects, and the handlers that observe its requests and frames. Every field
/// has a default.
struct ApiServerOptions {
  /// Timeouts, and the options of the connections. The ClientConfig sets `route.tls` and
  /// `route.proxy`. The default sends a PING every 5 s, as client-go does: a server that vanished
  /// without closing is noticed only by sending to it, once the kernel gives up (minutes).
  /// Setting `connection.session.ping_timeout` notices it sooner, but also ends a connection whose
  /// server answers no PING because a command does not read its stdin.
  httpstream::UpgradeRoundTripperOptions round_tripper = {
      .connection = {.session = {.ping_period = std::chrono::seconds(5)}}};
  AuthenticatorOptions authenticator{};
  /// Whether the environment (HTTPS_PROXY and so on) may name a proxy when the ClientConfig names
  /// none, as with kubectl.
  bool proxy_from_environment = false;
  /// Receives each request before it is sent, without the headers that the connection itself adds,
  /// and with "<masked>" in place of the credentials that Authorization carries.
  Callback<void(const httpstream::HttpRequest&)> on_request{};
  /// Receives each frame, in and out, of every connection that `dial`, exec, attach or
  /// PortForwarder opens, from the first frame on: see httpstream::Connection::on_trace.
  session::TraceHandler on_trace{};
};

/// An API server or kubelet to send requests to: its address, how the client verifies it, and the
/// client's credentials. From docs/examples/kube_client.cpp:
///
///     Result<std::shared_ptr<ApiServer>> current_server(uv_loop_t* loop,
///                                                       const std::vector<std::string>& files) {
///       const Result<Kubeconfig> kubeconfig = Kubeconfig::load(files);
///       if (!kubeconfig) return kubeconfig.error();
///       Result<ClientConfig> config = kubeconfig->client_config();
///       if (!config) return config.error();
///       return ApiServer::create(loop, std::move(*config));
///     }
///
/// Keep one ApiServer for several requests: it resumes TLS sessions, and uses the credentials that
/// a credential plugin issued until they expire. It belongs to its loop's thread. Requests under
/// way continue when it is destroyed.
class UVSPDY_EXPORT ApiServer {
  struct Private {};
  class Impl;

 public:
  using Options = ApiServerOptions;

  /// Reads the files of CAs, certificates and keys, which blocks, and connects to nothing. Errors:
  /// net::Errc::kTlsConfig (they cannot be used); httpstream::Errc::kBadUrl (the proxy's URL).
  static Result<std::shared_ptr<ApiServer>> create(uv_loop_t* loop, ClientConfig config,
                                                   ApiServerOptions options = {});

  ApiServer(Private, std::shared_ptr<Impl> impl);  // use `create`

  /// Opens a SPDY connection: gets credentials (Authenticator), connects, and sends a POST that
  /// asks for an upgrade, offering `protocols` from the most to the least preferred. `target` is
  /// appended to the path of ClientConfig::server. After the answer 401 the next request gets new
  /// credentials from the plugin. The handler runs once, from the loop; if it is empty, the
  /// connection is closed. Errors:
  ///
  /// - kube::Errc: kCredentials (a token file or credential plugin without usable credentials);
  /// - net::Errc: kTimeout (the plugin or connecting took too long), kBadAddress (the host cannot
  ///   be resolved, or a local socket's path is too long), kTlsConfig (certificate or server name
  ///   cannot be used), kTlsTimeout, kCertificate (the server's is not accepted), kTlsHandshake;
  ///   from the TLS of an https proxy also kTlsProtocol and kTruncated;
  /// - httpstream::Errc: kUpgradeFailed (an answer other than the upgrade: see
  ///   httpstream::upgrade_failure), kTimeout (no answer in time), kConnectionLost (the server or
  ///   proxy closed without an answer, as TLS 1.3 servers do that refuse our certificate), kBadHead
  ///   (a header that cannot be sent, or an answer that is not HTTP/1.1), kHeadTooLarge, kBadUrl
  ///   (the server's or proxy's URL), kProxy (the proxy refused), kProxyTimeout;
  /// - libuv's numbers: UV_ECANCELED after cancel(), UV_ECONNREFUSED and other failures of sockets.
  net::Attempt dial(const std::string& target, std::vector<std::string> protocols,
                    httpstream::Dialer::Handler handler);

  /// Sends a GET for a JSON resource, with the route, timeouts and credentials that `dial` uses.
  /// An answer of any status is a result, not an error. The handler runs once, from the loop; if it
  /// is empty, the answer is dropped. Errors: those of `dial` but for kUpgradeFailed, and
  /// httpstream::Errc::kBadBody (a body that is malformed or longer than 4 MiB); kConnectionLost
  /// and kTimeout also for a body that is cut off.
  net::Attempt get(const std::string& target, httpstream::HttpClient::Handler handler);

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::kube
