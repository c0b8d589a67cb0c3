#include "uvspdy/kube/credentials/authenticator.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kube/credentials/authentication_headers.h"
#include "kube/credentials/credential_plugin.h"
#include "kube/credentials/exec_credential.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {
namespace {

std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

Result<bool> is_interactive(const ExecConfig& exec, bool stdin_available) {
  if (exec.interactive_mode == InteractiveMode::kNever) return false;
  const bool terminal = uv_guess_handle(0) == UV_TTY;
  if (exec.interactive_mode == InteractiveMode::kIfAvailable) return stdin_available && terminal;
  if (stdin_available && terminal) return true;
  return Error(Errc::kCredentials,
               "credential plugin '" + exec.command +
                   "' has the interactiveMode Always, and our standard input is " +
                   (terminal ? "used for something else" : "not a terminal"));
}

}  // namespace

class UVSPDY_LOCAL Authenticator::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(uv_loop_t* loop, ClientConfig config, Options options)
      : loop_(loop),
        config_(std::move(config)),
        timeout_(options.timeout),
        stdin_available_(options.stdin_available),
        on_stderr_(
            std::make_shared<const CredentialPlugin::StderrHandler>(std::move(options.on_stderr))) {
  }

  net::Attempt authenticate(Handler handler);
  void forget(std::uint64_t generation) {
    if (cached_ && cached_->authentication.generation == generation) cached_.reset();
  }

 private:
  // One call of authenticate(), until its handler has run.
  class Waiter;

  // Credentials that a plugin issued, and when they expire.
  struct Given {
    Authentication authentication;
    std::optional<std::chrono::sys_seconds> expiration;
  };

  bool needs_plugin() const;
  bool is_fresh() const {
    return cached_ && (!cached_->expiration || now() <= *cached_->expiration);
  }
  Error start_plugin();
  void finish_plugin(const Result<std::string>& output);
  Result<Given> read(const Result<std::string>& output) const;
  Result<Authentication> authentication_of(const ExecCredential& credential) const;
  void give_up(const Waiter& waiter);

  uv_loop_t* loop_;
  ClientConfig config_;
  std::chrono::milliseconds timeout_;
  bool stdin_available_;
  std::shared_ptr<const CredentialPlugin::StderrHandler> on_stderr_;  // of each run
  std::optional<Given> cached_;
  std::uint64_t runs_ = 0;  // of the plugin that issued usable credentials
  std::shared_ptr<CredentialPlugin> plugin_;
  std::vector<std::shared_ptr<Waiter>> waiters_;
};

class UVSPDY_LOCAL Authenticator::Impl::Waiter final : public net::Cancellable,
                                                       public std::enable_shared_from_this<Waiter> {
 public:
  Waiter(uv_loop_t* loop, std::shared_ptr<Impl> impl, Handler handler)
      : impl_(std::move(impl)), handler_(std::move(handler)), wakeup_(loop, [this] { run(); }) {}

  void finish(Result<Authentication> result) {
    self_ = shared_from_this();
    result_ = std::move(result);
    wakeup_.schedule();
  }

  void cancel() override {
    if (!impl_) return;  // it has run
    finish(net::uv_error(UV_ECANCELED, "authenticate"));
    impl_->give_up(*this);
  }

 private:
  void run() {
    const auto self = std::exchange(self_, nullptr);
    const auto impl = std::exchange(impl_, nullptr);
    handler_(std::move(*result_));
  }

  std::shared_ptr<Impl> impl_;
  Handler handler_;
  net::Wakeup wakeup_;
  std::optional<Result<Authentication>> result_;
  std::shared_ptr<Waiter> self_;
};

bool Authenticator::Impl::needs_plugin() const {
  const Credentials& credentials = config_.credentials;
  return credentials.exec && credentials.token.empty() && credentials.token_file.empty() &&
         credentials.username.empty() && credentials.password.empty() && !config_.tls.key_pair;
}

net::Attempt Authenticator::Impl::authenticate(Handler handler) {
  const auto waiter = std::make_shared<Waiter>(loop_, shared_from_this(), std::move(handler));
  if (!needs_plugin()) {
    Result<Headers> headers = authentication_headers(config_.credentials);
    waiter->finish(headers ? Result<Authentication>(Authentication{std::move(*headers), {}})
                           : headers.error());
  } else if (is_fresh()) {
    waiter->finish(cached_->authentication);
  } else if (Error error = plugin_ ? Error() : start_plugin()) {
    waiter->finish(error);
  } else {
    waiters_.push_back(waiter);
  }
  return net::Attempt(waiter);
}

Error Authenticator::Impl::start_plugin() {
  const ExecConfig& exec = *config_.credentials.exec;
  const Result<bool> interactive = is_interactive(exec, stdin_available_);
  if (!interactive) return interactive.error();
  Result<std::string> info = exec_info(config_, *interactive);
  if (!info) return Error(Errc::kCredentials, "credential plugin: " + info.error().message());
  plugin_ =
      CredentialPlugin::run(loop_, exec, {timeout_, *interactive, std::move(*info), on_stderr_},
                            [weak = weak_from_this()](const Result<std::string>& output) {
                              if (const auto impl = weak.lock()) impl->finish_plugin(output);
                            });
  return {};
}

void Authenticator::Impl::finish_plugin(const Result<std::string>& output) {
  plugin_.reset();
  const auto waiters = std::exchange(waiters_, {});
  Result<Given> given = read(output);
  if (given) {
    given->authentication.generation = ++runs_;
    cached_ = *given;
  }
  for (const auto& waiter : waiters) {
    waiter->finish(given ? Result<Authentication>(given->authentication) : given.error());
  }
}

// Returns only credentials that can be used, so that only those are kept.
Result<Authenticator::Impl::Given> Authenticator::Impl::read(
    const Result<std::string>& output) const {
  if (!output) return output.error();
  const ExecConfig& exec = *config_.credentials.exec;
  const auto unusable = [&exec](const Error& error) {
    return Error(Errc::kCredentials,
                 "credential plugin '" + exec.command + "': " + error.message());
  };
  const Result<ExecCredential> credential = parse_exec_credential(*output, exec.api_version);
  if (!credential) return unusable(credential.error());
  Result<Authentication> authentication = authentication_of(*credential);
  if (!authentication) return unusable(authentication.error());
  if (authentication->key_pair) {
    const auto tls = net::TlsClientContext::create(
        {.verify = false, .key_pair = authentication->key_pair, .resume_sessions = false});
    if (!tls) return unusable(tls.error());
  }
  return Given{std::move(*authentication), credential->expiration};
}

Result<Authentication> Authenticator::Impl::authentication_of(
    const ExecCredential& credential) const {
  Credentials credentials;
  credentials.token = credential.token;
  credentials.impersonate = config_.credentials.impersonate;
  Result<Headers> headers = authentication_headers(credentials);
  if (!headers) return headers.error();
  Authentication authentication{std::move(*headers), {}};
  if (!credential.client_key.empty()) {
    authentication.key_pair =
        net::TlsKeyPair{{credential.client_certificate, {}}, {credential.client_key, {}}, nullptr};
  }
  return authentication;
}

void Authenticator::Impl::give_up(const Waiter& waiter) {
  std::erase_if(waiters_, [&waiter](const auto& one) { return one.get() == &waiter; });
  if (!waiters_.empty() || !plugin_) return;
  plugin_->stop();
  plugin_.reset();
}

Authenticator::Authenticator(uv_loop_t* loop, ClientConfig config, Options options)
    : impl_(std::make_shared<Impl>(loop, std::move(config), std::move(options))) {}

Authenticator::~Authenticator() = default;

net::Attempt Authenticator::authenticate(Handler handler) {
  return impl_->authenticate(std::move(handler));
}

void Authenticator::forget(std::uint64_t generation) { impl_->forget(generation); }

}  // namespace uvspdy::kube
