#include "terminal/fd_ready.h"

#include <memory>
#include <utility>

#include "uvspdy/net/error.h"

namespace uvspdy::command {

/// Freed when libuv has closed the handle, which points to it.
struct FdReady::State {
  uv_poll_t poll{};
  FdReady* owner = nullptr;
};

void FdReady::Close::operator()(State* state) const {
  uv_close(static_cast<uv_handle_t*>(static_cast<void*>(&state->poll)), [](uv_handle_t* closed) {
    const std::unique_ptr<State> memory(static_cast<State*>(closed->data));
  });
}

FdReady::FdReady(uv_loop_t* loop, uv_file fd, int event, Callback<void()> handler)
    : loop_(loop), fd_(fd), event_(event), handler_(std::move(handler)) {}

FdReady::~FdReady() = default;

Error FdReady::wait() {
  if (!state_) {
    auto state = std::make_unique<State>();
    const int status = uv_poll_init(loop_, &state->poll, fd_);
    if (status < 0) return net::uv_error(status, "wait");
    state->poll.data = state.get();
    state->owner = this;
    state_.reset(state.release());
  }
  const int status = uv_poll_start(&state_->poll, event_, [](uv_poll_t* poll, int, int) {
    uv_poll_stop(poll);
    static_cast<State*>(poll->data)->owner->handler_();
  });
  return status < 0 ? net::uv_error(status, "wait") : Error();
}

}  // namespace uvspdy::command
