#include "uvspdy/net/timer.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "net/thread_check.h"

namespace uvspdy::net {
namespace {

// A loop that runs a timer so many milliseconds late has not run for as long.
constexpr std::uint64_t kLate = 50;
// How much later it runs such a timer: more than the handlers of other timers take that are due.
constexpr std::uint64_t kUntilInput = 10;

// A handle with its handler. libuv's last callback frees both, so that no user's code runs inside
// the call that destroys a Timer or Wakeup.
template <class Handle>
struct Scheduled {
  Scheduled(uv_loop_t* loop, Callback<void()> on_due) : handler(std::move(on_due)), thread(loop) {
    handle.data = this;
  }

  static void run(Handle* handle) noexcept {
    auto* self = static_cast<Scheduled*>(handle->data);
    self->thread.called_back();
    self->handler();
  }

  Handle handle{};
  Callback<void()> handler;
  ThreadCheck thread;
};

template <class State>
void close(State* state) {
  state->check_thread();
  void* handle = &state->handle;
  uv_close(static_cast<uv_handle_t*>(handle), [](uv_handle_t* closed) noexcept {
    std::unique_ptr<State>(static_cast<State*>(closed->data));
  });
}

}  // namespace

struct UVSPDY_LOCAL Timer::State : Scheduled<uv_timer_t> {
  using Scheduled::Scheduled;

  void start(std::uint64_t delay) {
    // The loop's time may be as old as the callback that calls us.
    uv_update_time(handle.loop);
    const std::uint64_t now = uv_now(handle.loop);
    due = now + std::min(delay, std::numeric_limits<std::uint64_t>::max() - now);
    uv_timer_start(&handle, on_time, delay, 0);
  }

  // libuv runs timers before it looks for input. If this process has not run for some time (it was
  // stopped, say), the peer's bytes may have come in time: they are read first. Once: a loop whose
  // every turn is long has timers, too.
  static void on_time(uv_timer_t* handle) noexcept {
    auto* self = static_cast<State*>(static_cast<Scheduled*>(handle->data));
    if (uv_now(handle->loop) - self->due < kLate) return run(handle);
    uv_timer_start(handle, run, kUntilInput, 0);
  }

  void check_thread() const {
    thread.check([] { return std::string("a Timer"); });
  }

  std::uint64_t due = 0;  // by the loop's clock
};

void Timer::Close::operator()(State* state) const { close(state); }

Timer::Timer(uv_loop_t* loop, Callback<void()> handler)
    : state_(std::make_unique<State>(loop, std::move(handler)).release()) {
  uv_timer_init(loop, &state_->handle);  // cannot fail
}

Timer::~Timer() = default;

void Timer::start(std::chrono::milliseconds delay) {
  state_->check_thread();
  const auto count = std::max<std::chrono::milliseconds::rep>(delay.count(), 0);
  state_->start(static_cast<std::uint64_t>(count));
}

void Timer::stop() {
  state_->check_thread();
  uv_timer_stop(&state_->handle);
}

struct UVSPDY_LOCAL Wakeup::State : Scheduled<uv_idle_t> {
  using Scheduled::Scheduled;
  void check_thread() const {
    thread.check([] { return std::string("a Wakeup"); });
  }
};

void Wakeup::Close::operator()(State* state) const { close(state); }

Wakeup::Wakeup(uv_loop_t* loop, Callback<void()> handler)
    : state_(std::make_unique<State>(loop, std::move(handler)).release()) {
  uv_idle_init(loop, &state_->handle);  // cannot fail
}

Wakeup::~Wakeup() = default;

// An idle handle keeps the loop from blocking even if another idle handle schedules it in the same
// turn; no other handle does.
void Wakeup::schedule() {
  state_->check_thread();
  uv_idle_start(&state_->handle, [](uv_idle_t* idle) noexcept {
    uv_idle_stop(idle);
    State::run(idle);
  });
}

void Wakeup::cancel() {
  state_->check_thread();
  uv_idle_stop(&state_->handle);
}

}  // namespace uvspdy::net
