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

/// How an ApiServer is reached, and who hears of that. Every field has a default.
struct ApiServerOptions {
  /// Timeouts, and how the connections behave. `tls` and `proxy` are taken from the ClientConfig.
  ///
  /// A PING every 5 s, as from client-go: without, a server that has vanished without a word is
  /// never noticed while the command neither reads nor writes. The kernel then gives up sending,
  /// in its own time; `session.ping_timeout` is sooner, and also ends what stands still because
  /// the command does not read its stdin.
  httpstream::UpgradeRoundTripperOptions round_tripper = {
      .connection = {.session = {.ping_period = std::chrono::seconds(5)}}};
  AuthenticatorOptions authenticator{};
  /// Whether, where the ClientConfig names no proxy, the environment may (HTTPS_PROXY and so on),
  /// as with kubectl.
  bool proxy_from_environment = false;
  /// Hears of each request before it is made, without the headers that the connection itself
  /// adds, and with "<masked>" in place of the credentials that Authorization carries.
  Callback<void(const httpstream::HttpRequest&)> on_request{};
  /// Sees each frame, in and out, of the connections that `dial` makes, exec's, attach's and
  /// PortForwarder's too, from the first one on: see httpstream::Connection::on_trace.
  session::TraceHandler on_trace{};
};

/// An API server, or a kubelet, as a client reaches it: where it is, how it proves who it is, and
/// how we do. From docs/examples/kube_client.cpp:
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
/// Keep one for several requests: TLS sessions are resumed, and what a credential plugin gave is
/// used again. It belongs to its loop's thread; dials under way go on when it is dropped.
class UVSPDY_EXPORT ApiServer {
  struct Private {};
  class Impl;

 public:
  using Options = ApiServerOptions;

  /// Reads the CAs, certificates and keys. Errors: net::Errc::kTlsConfig, httpstream::Errc::kBadUrl
  /// for a proxy that is none.
  static Result<std::shared_ptr<ApiServer>> create(uv_loop_t* loop, ClientConfig config,
                                                   ApiServerOptions options = {});

  ApiServer(Private, std::shared_ptr<Impl> impl);  // use `create`

  /// Opens a connection by an upgrade: finds out what to show (Authenticator), dials the server's
  /// path with `target` behind it, and forgets what a plugin gave when the server answers 401. The
  /// handler runs once, from the loop; an empty one is nobody, and the connection is closed.
  /// Errors: those of Authenticator::authenticate and httpstream::Dialer::dial.
  net::Attempt dial(const std::string& target, std::vector<std::string> protocols,
                    httpstream::Dialer::Handler handler);

  /// Asks for a resource by GET, as JSON, in the same way as `dial` does: the way to the server,
  /// its time-outs, and what is shown to it. Any status is an answer. The handler runs once, from
  /// the loop; an empty one is nobody, and the answer is dropped. Errors: those of
  /// Authenticator::authenticate and httpstream::HttpClient::get.
  net::Attempt get(const std::string& target, httpstream::HttpClient::Handler handler);

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::kube
