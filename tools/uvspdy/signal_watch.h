#pragma once

#include <uv.h>

#include <memory>
#include <utility>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/net/error.h"

namespace uvspdy::command {

/// Calls a handler, from the loop, whenever a signal comes. It does not keep the loop alive.
class SignalWatch {
 public:
  SignalWatch() = default;
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// Starts watching, unless it has started already. Errors: libuv's.
  Error start(uv_loop_t* loop, int signal, Callback<void(int signal)> handler) {
    if (state_) return {};
    auto state = std::make_unique<State>();
    int status = uv_signal_init(loop, &state->handle);
    if (status < 0) return net::uv_error(status, "watch for signals");
    state->handle.data = state.get();
    state->handler = std::move(handler);
    state_.reset(state.release());
    uv_unref(base(state_.get()));
    status = uv_signal_start(
        &state_->handle,
        [](uv_signal_t* of, int number) { static_cast<State*>(of->data)->handler(number); },
        signal);
    if (status == 0) return {};
    state_.reset();
    return net::uv_error(status, "watch for signals");
  }

 private:
  struct State {
    uv_signal_t handle{};
    Callback<void(int signal)> handler;
  };
  static uv_handle_t* base(State* state) {
    void* handle = &state->handle;
    return static_cast<uv_handle_t*>(handle);
  }
  // The memory is freed when libuv has closed the handle.
  struct Close {
    void operator()(State* state) const {
      uv_close(base(state), [](uv_handle_t* closed) {
        std::unique_ptr<State>(static_cast<State*>(closed->data));
      });
    }
  };
  std::unique_ptr<State, Close> state_;
};

}  // namespace uvspdy::command
