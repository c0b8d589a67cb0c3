#pragma once

#include <uv.h>

#include <array>
#include <csignal>
#include <functional>
#include <utility>

#include "uvspdy/net/handle.h"

/// Calls a handler at each SIGINT, SIGTERM and SIGHUP, with its number. A SIGHUP that whoever
/// started us has us ignore, as nohup does, stays ignored.
class StopSignals {
 public:
  StopSignals(uv_loop_t* loop, std::function<void(int signal)> on_stop)
      : on_stop_(std::move(on_stop)) {
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      if (kSignals[i] == SIGHUP && is_ignored(SIGHUP)) continue;
      handles_[i] = uvspdy::net::Handle<uv_signal_t>::make();
      uv_signal_init(loop, handles_[i].get());
      handles_[i]->data = this;
      uv_signal_start(
          handles_[i].get(),
          [](uv_signal_t* handle, int signal) {
            static_cast<StopSignals*>(handle->data)->on_stop_(signal);
          },
          kSignals[i]);
    }
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Lets go of the signals, so that the loop can end.
  void close() {
    for (auto& handle : handles_) handle.reset();
  }

  /// Whether a signal does nothing to us.
  static bool is_ignored(int signal) {
    struct sigaction now {};
    return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
  }

 private:
  static constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};
  std::function<void(int signal)> on_stop_;
  std::array<uvspdy::net::Handle<uv_signal_t>, kSignals.size()> handles_;
};
