#pragma once

#include <uv.h>

#include <csignal>
#include <memory>
#include <utility>

#include "uvspdy/callback.h"

namespace uvspdy::interop {

/// Calls a function once, when SIGTERM comes.
class StopSignal {
 public:
  StopSignal(uv_loop_t* loop, OnceCallback<void()> on_stop)
      : state_(std::make_unique<State>().release()) {
    state_->on_stop = std::move(on_stop);
    state_->signal.data = state_.get();
    uv_signal_init(loop, &state_->signal);
    uv_signal_start(
        &state_->signal,
        [](uv_signal_t* signal, int) {
          uv_signal_stop(signal);  // so that the loop can end
          static_cast<State*>(signal->data)->on_stop();
        },
        SIGTERM);
  }

 private:
  /// What libuv points to until it has closed the handle.
  struct State {
    uv_signal_t signal{};
    OnceCallback<void()> on_stop;
  };
  struct Close {
    void operator()(State* state) const {
      uv_close(static_cast<uv_handle_t*>(static_cast<void*>(&state->signal)),
               [](uv_handle_t* closed) {
                 const std::unique_ptr<State> memory(static_cast<State*>(closed->data));
               });
    }
  };
  std::unique_ptr<State, Close> state_;
};

}  // namespace uvspdy::interop
