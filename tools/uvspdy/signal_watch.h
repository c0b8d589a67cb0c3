#pragma once

#include <uv.h>

#include <functional>
#include <utility>

#include "uvspdy/error.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/handle.h"

/// Calls a handler, from the loop, whenever a signal comes.
class SignalWatch {
 public:
  SignalWatch() = default;
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// Begins, unless it has begun. It keeps the loop alive. Errors: libuv's.
  uvspdy::Error start(uv_loop_t* loop, int signal, std::function<void(int signal)> handler) {
    if (handle_) return {};
    auto handle = uvspdy::net::Handle<uv_signal_t>::make();
    int status = uv_signal_init(loop, handle.get());
    if (status < 0) {
      handle.forget();
      return uvspdy::net::uv_error(status, "watch for signals");
    }
    handler_ = std::move(handler);
    handle->data = this;
    status = uv_signal_start(
        handle.get(),
        [](uv_signal_t* of, int number) { static_cast<SignalWatch*>(of->data)->handler_(number); },
        signal);
    if (status < 0) return uvspdy::net::uv_error(status, "watch for signals");
    handle_ = std::move(handle);
    return {};
  }

  /// From here on it does not keep the loop alive.
  void unref() {
    if (handle_) uv_unref(handle_.base());
  }

  /// Lets go of the signal, so that the loop can end.
  void close() { handle_.reset(); }

 private:
  std::function<void(int signal)> handler_;
  uvspdy::net::Handle<uv_signal_t> handle_;
};
