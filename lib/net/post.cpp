#include "uvspdy/net/post.h"

#include <deque>
#include <mutex>
#include <utility>

#include "net/thread_check.h"
#include "uvspdy/net/error.h"

namespace uvspdy::net {

struct UVSPDY_LOCAL Poster::State {
  explicit State(const uv_loop_t* loop) : thread(loop) {}

  std::mutex mutex;
  std::deque<OnceCallback<void()>> waiting;  // under the mutex
  bool closed = true;                        // under the mutex

  // The members below belong to the loop's thread.
  ThreadCheck thread;
  uv_async_t async{};
  // While the handle is open libuv keeps this object, so that no other thread has to close the
  // handle or to destroy waiting functions.
  std::shared_ptr<Poster> self;

  void run_waiting() {
    thread.called_back();
    std::deque<OnceCallback<void()>> due;
    {
      const std::lock_guard lock(mutex);
      due.swap(waiting);
    }
    while (!due.empty()) {
      auto next = std::move(due.front());
      due.pop_front();
      next();
    }
  }
};

Poster::Poster(Private, const uv_loop_t* loop) : state_(std::make_unique<State>(loop)) {}
Poster::~Poster() = default;

Result<std::shared_ptr<Poster>> Poster::create(uv_loop_t* loop) {
  auto poster = std::make_shared<Poster>(Private{}, loop);
  State* state = poster->state_.get();
  state->async.data = state;
  const int failed = uv_async_init(loop, &state->async, [](uv_async_t* async) noexcept {
    // The object lives until its handle has closed, so it exists here.
    static_cast<State*>(async->data)->run_waiting();
  });
  if (failed != 0) return uv_error(failed, "create a Poster");
  state->closed = false;
  state->self = poster;
  return poster;
}

bool Poster::post(OnceCallback<void()> function) {
  // Inside the lock, because after `close` the handle must not be used.
  const std::lock_guard lock(state_->mutex);
  if (state_->closed) return false;
  state_->waiting.push_back(std::move(function));
  uv_async_send(&state_->async);
  return true;
}

void Poster::close() {
  state_->thread.check([] { return std::string("a Poster"); });
  {
    const std::lock_guard lock(state_->mutex);
    if (std::exchange(state_->closed, true)) return;
  }
  void* handle = &state_->async;
  uv_close(static_cast<uv_handle_t*>(handle), [](uv_handle_t* closed) noexcept {
    auto* state = static_cast<State*>(closed->data);
    const auto last = std::move(state->self);
    state->run_waiting();
  });
}

}  // namespace uvspdy::net
