#include "kube/idle_watch.h"

#include <uv.h>

#include <algorithm>
#include <utility>

namespace uvspdy::kube {

IdleWatch::IdleWatch(std::shared_ptr<httpstream::Connection> connection,
                     std::chrono::milliseconds timeout, std::function<void()> on_idle)
    : connection_(std::move(connection)),
      timeout_(timeout),
      step_(std::max(timeout / 10, std::chrono::milliseconds(1))),
      on_idle_(std::move(on_idle)),
      last_(traffic()),
      last_change_(uv_now(connection_->loop())),
      timer_(connection_->loop(), [this] { look(); }) {
  if (timeout_.count() > 0) timer_.start(step_);
}

IdleWatch::Traffic IdleWatch::traffic() const {
  const session::Stats stats = connection_->stats();
  return {stats.payload_received + stats.payload_sent, stats.streams};
}

void IdleWatch::look() {
  const std::uint64_t now = uv_now(connection_->loop());
  if (const Traffic present = traffic(); present != last_) {
    last_ = present;
    last_change_ = now;
  } else if (now - last_change_ >= static_cast<std::uint64_t>(timeout_.count())) {
    const auto idle = std::move(on_idle_);
    return idle();
  }
  timer_.start(step_);
}

}  // namespace uvspdy::kube
