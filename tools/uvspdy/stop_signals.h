#pragma once

#include <uv.h>

#include <array>
#include <csignal>
#include <functional>
#include <utility>

#include "uvspdy/net/handle.h"

/// Calls a handler at the first SIGINT, SIGTERM or SIGHUP; later ones do nothing.
class StopSignals {
 public:
  StopSignals(uv_loop_t* loop, std::function<void()> on_stop) : on_stop_(std::move(on_stop)) {
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      handles_[i] = uvspdy::net::Handle<uv_signal_t>::make();
      uv_signal_init(loop, handles_[i].get());
      handles_[i]->data = this;
      uv_signal_start(
          handles_[i].get(),
          [](uv_signal_t* signal, int) {
            auto* self = static_cast<StopSignals*>(signal->data);
            if (!std::exchange(self->stopping_, true)) self->on_stop_();
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

 private:
  static constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};
  std::function<void()> on_stop_;
  std::array<uvspdy::net::Handle<uv_signal_t>, kSignals.size()> handles_;
  bool stopping_ = false;
};
