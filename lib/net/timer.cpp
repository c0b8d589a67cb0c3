#include "uvspdy/net/timer.h"

#include <algorithm>
#include <utility>

namespace uvspdy::net {
namespace {

// A handle with its handler. Closing gives both to libuv, which frees them with its last callback:
// so no user's code runs inside the call that lets go of a Timer or Wakeup.
template <class State>
void close(State* state) {
  void* handle = &state->handle;
  uv_close(static_cast<uv_handle_t*>(handle),
           [](uv_handle_t* closed) { std::unique_ptr<State>(static_cast<State*>(closed->data)); });
}

}  // namespace

struct UVSPDY_LOCAL Timer::State {
  uv_timer_t handle{};
  Callback<void()> handler;
};

void Timer::Close::operator()(State* state) const { close(state); }

Timer::Timer(uv_loop_t* loop, Callback<void()> handler)
    : state_(std::make_unique<State>().release()) {
  uv_timer_init(loop, &state_->handle);  // cannot fail
  state_->handle.data = state_.get();
  state_->handler = std::move(handler);
}

Timer::~Timer() = default;

void Timer::start(std::chrono::milliseconds delay) {
  const auto count = std::max<std::chrono::milliseconds::rep>(delay.count(), 0);
  // The loop's notion of now may be as old as the callback we are called from.
  uv_update_time(state_->handle.loop);
  uv_timer_start(
      &state_->handle, [](uv_timer_t* timer) { static_cast<State*>(timer->data)->handler(); },
      static_cast<std::uint64_t>(count), 0);
}

void Timer::stop() { uv_timer_stop(&state_->handle); }

struct UVSPDY_LOCAL Wakeup::State {
  uv_idle_t handle{};
  Callback<void()> handler;
};

void Wakeup::Close::operator()(State* state) const { close(state); }

Wakeup::Wakeup(uv_loop_t* loop, Callback<void()> handler)
    : state_(std::make_unique<State>().release()) {
  uv_idle_init(loop, &state_->handle);  // cannot fail
  state_->handle.data = state_.get();
  state_->handler = std::move(handler);
}

Wakeup::~Wakeup() = default;

// An idle handle, because it alone keeps the loop from blocking even when it is scheduled by
// another idle handle of the same turn.
void Wakeup::schedule() {
  uv_idle_start(&state_->handle, [](uv_idle_t* idle) {
    uv_idle_stop(idle);
    static_cast<State*>(idle->data)->handler();
  });
}

void Wakeup::cancel() { uv_idle_stop(&state_->handle); }

}  // namespace uvspdy::net
