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

/// What a dial shows.
struct Authentication {
  Headers headers{};  ///< Authorization, Impersonate-User and its like
  /// A client certificate that a credential plugin gave; to be put into ClientConfig::tls, which
  /// has none then.
  std::optional<net::TlsKeyPair> key_pair{};
  std::uint64_t generation = 0;  ///< which run of the plugin it is from, for `forget`; 0: none
};

/// How credentials are had. Every field has a default.
struct AuthenticatorOptions {
  /// How long a credential plugin may take; it may have to ask people. 0: no time at all;
  /// milliseconds::max(): for ever.
  std::chrono::milliseconds timeout = std::chrono::minutes(2);
  /// Whether a plugin that wants our stdin may have it.
  bool stdin_available = true;
  /// Gets what a plugin writes to stderr, as it comes: words for people. It is part of the error
  /// too (its last 4 KiB) when the plugin fails.
  Callback<void(std::string_view)> on_stderr{};
};

/// Turns a ClientConfig's credentials into what a dial shows. Ask it before each dial: tokens
/// change and run out. What a credential plugin gave is kept for as long as it says, so keep the
/// Authenticator too. From docs/examples/kube_client.cpp:
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

  /// The handler runs once, from the loop, even when the Authenticator is destroyed before; it may
  /// be empty. What is asked for while a plugin runs waits for that one. A plugin that nobody waits
  /// for any more is ended (SIGTERM, and SIGKILL a second later), and the loop stays alive until it
  /// is gone.
  ///
  /// Errors: kCredentials for a token file or a plugin that gives nothing to use, with what was
  /// wrong (a plugin is then asked again next time); net::Errc::kTimeout; UV_ECANCELED.
  net::Attempt authenticate(Handler handler);

  /// Forgets what a plugin gave, and asks it again next time: for when the server did not accept
  /// it (401). `generation` is that Authentication's; what a later run gave is kept.
  void forget(std::uint64_t generation);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::kube
