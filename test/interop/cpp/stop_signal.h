#pragma once

#include <uv.h>

#include <csignal>
#include <functional>
#include <utility>

#include "net/handle.h"

namespace uvspdy::interop {

/// Calls a function once, when SIGTERM comes.
class StopSignal {
 public:
  StopSignal(uv_loop_t* loop, std::function<void()> on_stop) : on_stop_(std::move(on_stop)) {
    handle_ = net::Handle<uv_signal_t>::make();
    uv_signal_init(loop, handle_.get());
    handle_->data = this;
    uv_signal_start(
        handle_.get(),
        [](uv_signal_t* signal, int) {
          auto* self = static_cast<StopSignal*>(signal->data);
          self->handle_.reset();  // so that the loop can end
          self->on_stop_();
        },
        SIGTERM);
  }

 private:
  std::function<void()> on_stop_;
  net::Handle<uv_signal_t> handle_;
};

}  // namespace uvspdy::interop
