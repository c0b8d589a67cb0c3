#pragma once

#include <uv.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/kube/config/client_config.h"
#include "uvspdy/net/attempt.h"

namespace uvspdy::kube {

/// Credentials to send with one request: HTTP headers and, if a plugin issued one, a client
/// certificate.
struct Authentication {
  Headers headers{};  ///< Authorization, Impersonate-User and its like
  /// The plugin's certificate, for ClientConfig::tls.key_pair: that is empty if a plugin is run.
  std::optional<net::TlsKeyPair> key_pair{};
  std::uint64_t generation = 0;  ///< the number of the plugin's run, for `forget`; 0: no plugin
};

/// How an Authenticator runs a credential plugin. Every field has a default.
struct AuthenticatorOptions {
  /// How long a plugin may run; it may have to ask a person. 0: it times out in the loop's next
  /// turn; milliseconds::max(): for ever.
  std::chrono::milliseconds timeout = std::chrono::minutes(2);
  /// False when the program needs its stdin, which plugins then do not get: see InteractiveMode.
  bool stdin_available = true;
  /// Receives what a plugin writes to stderr, as it comes: messages for people. When the plugin
  /// exits with a failure or times out, the error's text has the last 4 KiB of them, too.
  Callback<void(std::string_view)> on_stderr{};
};

/// Gets the credentials for a request from a ClientConfig: its tokens, or by running its plugin
/// (client.authentication.k8s.io). Ask before each request, for tokens expire. It keeps what a
/// plugin issued until that expires, so keep the Authenticator. From docs/examples/kube_client.cpp:
///
///     void print_credentials(uv_loop_t* loop, const ClientConfig& config) {
///       Authenticator authenticator(loop, config);
///       authenticator.authenticate([](const Result<Authentication>& shown) {
///         if (!shown) return report(shown.error());
///         for (const auto& [name, value] : shown->headers) {
///           std::cout << name << ": " << value << '\n';
///         }
///       });
///     }
class UVSPDY_EXPORT Authenticator {
 public:
  using Options = AuthenticatorOptions;
  using Handler = OnceCallback<void(Result<Authentication>)>;

  Authenticator(uv_loop_t* loop, ClientConfig config, AuthenticatorOptions options = {});
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  /// Delivers credentials to the handler, which runs once, from the loop, even when the
  /// Authenticator is destroyed before; it may be empty. Calls during a plugin's run wait for that
  /// run. A plugin whose calls have all been cancelled is ended (SIGTERM, after a second SIGKILL),
  /// and the loop stays alive until the plugin is gone.
  ///
  /// Errors: kCredentials (no usable credentials from the token file or the plugin, which runs
  /// again at the next call); net::Errc::kTimeout (of the plugin); UV_ECANCELED after cancel().
  net::Attempt authenticate(Handler handler);

  /// Drops the credentials that a plugin issued, because the server answered them with 401; the
  /// next call runs the plugin again. `generation` is theirs: those of a later run are kept.
  void forget(std::uint64_t generation);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::kube
