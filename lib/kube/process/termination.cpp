#include "kube/process/termination.h"

#include <csignal>
#include <utility>

namespace uvspdy::kube {
namespace {

// How often to look whether the group is gone.
constexpr std::chrono::milliseconds kLookInterval{50};

}  // namespace

Termination::Termination(uv_loop_t* loop, Process& process, OnceCallback<void()> on_over)
    : process_(process),
      kill_timer_(loop, [this] { kill(); }),
      look_timer_(loop, [this] { look(); }),
      on_over_(std::move(on_over)) {}

void Termination::begin(int signal, std::chrono::milliseconds grace) {
  if (has_begun()) return;
  state_ = State::kTold;
  process_.signal_group(signal);
  kill_timer_.start(grace);
  look_timer_.start(kLookInterval);
}

bool Termination::is_under_way() {
  const bool left = (state_ == State::kTold && process_.signal_group(0)) ||
                    (state_ == State::kKilled && process_.running());
  if (!left && has_begun()) {
    state_ = State::kOver;
    kill_timer_.stop();
    look_timer_.stop();
  }
  return left;
}

void Termination::kill() {
  state_ = State::kKilled;
  process_.signal_group(SIGKILL);
  look();
}

void Termination::look() {
  if (is_under_way()) return look_timer_.start(kLookInterval);
  on_over_();
}

}  // namespace uvspdy::kube
