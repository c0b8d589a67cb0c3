#include "uvspdy/net/timer.h"

#include <algorithm>
#include <utility>

namespace uvspdy::net {
namespace {

// The copy keeps a handler alive that destroys its own Timer or Wakeup.
void run(void* data) {
  const auto handler = *static_cast<std::shared_ptr<std::function<void()>>*>(data);
  (*handler)();
}

}  // namespace

Timer::Timer(uv_loop_t* loop, std::function<void()> handler)
    : timer_(Handle<uv_timer_t>::make()),
      handler_(std::make_shared<std::function<void()>>(std::move(handler))) {
  uv_timer_init(loop, timer_.get());
  timer_->data = &handler_;
}

Timer::~Timer() = default;

void Timer::start(std::chrono::milliseconds delay) {
  const auto count = std::max<std::chrono::milliseconds::rep>(delay.count(), 0);
  // The loop's notion of now may be as old as the callback we are called from.
  uv_update_time(timer_->loop);
  uv_timer_start(
      timer_.get(), [](uv_timer_t* timer) { run(timer->data); }, static_cast<std::uint64_t>(count),
      0);
}

void Timer::stop() { uv_timer_stop(timer_.get()); }

Wakeup::Wakeup(uv_loop_t* loop, std::function<void()> handler)
    : idle_(Handle<uv_idle_t>::make()),
      handler_(std::make_shared<std::function<void()>>(std::move(handler))) {
  uv_idle_init(loop, idle_.get());
  idle_->data = &handler_;
}

Wakeup::~Wakeup() = default;

// An idle handle, because it alone keeps the loop from blocking even when it is scheduled by
// another idle handle of the same turn.
void Wakeup::schedule() {
  uv_idle_start(idle_.get(), [](uv_idle_t* idle) {
    uv_idle_stop(idle);
    run(idle->data);
  });
}

void Wakeup::cancel() { uv_idle_stop(idle_.get()); }

}  // namespace uvspdy::net
