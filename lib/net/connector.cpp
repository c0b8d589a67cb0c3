#include "net/connector.h"

#include <utility>

#include "uvspdy/net/error.h"

namespace uvspdy::net {

Connector::Connector(uv_loop_t* loop, std::string target, std::chrono::milliseconds timeout,
                     ConnectHandler handler)
    : loop_(loop),
      thread_(loop),
      target_(std::move(target)),
      timeout_(timeout),
      handler_(std::move(handler)),
      timer_(loop, [this] { time_out(); }),
      failed_(loop, [this] { finish(error_); }) {}

void Connector::start() {
  self_ = shared_from_this();
  timer_.start(timeout_);
  begin();
}

void Connector::cancel() {
  thread_.check([this] { return "the Attempt to connect to " + target_; });
  if (!self_) return;
  stop();
  fail_later(uv_error(UV_ECANCELED, "connect to " + target_));
}

void Connector::fail_later(Error error) {
  timer_.stop();
  error_ = std::move(error);
  failed_.schedule();
}

void Connector::time_out() {
  std::string text =
      "no connection to " + target_ + " within " + std::to_string(timeout_.count()) + " ms";
  const std::string failures = failures_so_far();
  if (!failures.empty()) text += "; " + failures;
  stop();
  finish(Error(Errc::kTimeout, text));
}

void Connector::finish(Result<std::unique_ptr<Transport>> result) {
  timer_.stop();
  failed_.cancel();
  const auto last = std::exchange(self_, {});
  ConnectHandler handler = std::move(handler_);
  handler(std::move(result));
}

}  // namespace uvspdy::net
