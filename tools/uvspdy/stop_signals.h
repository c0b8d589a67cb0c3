#pragma once

#include <uv.h>

#include <array>
#include <csignal>
#include <functional>

#include "signal_watch.h"
#include "uvspdy/error.h"

/// Calls a handler at each SIGINT, SIGTERM and SIGHUP, with its number. A SIGHUP that whoever
/// started us has us ignore, as nohup does, stays ignored.
class StopSignals {
 public:
  /// Begins, once. Errors: libuv's.
  uvspdy::Error start(uv_loop_t* loop, const std::function<void(int signal)>& on_stop) {
    for (std::size_t i = 0; i < kSignals.size(); ++i) {
      if (kSignals[i] == SIGHUP && is_ignored(SIGHUP)) continue;
      if (uvspdy::Error error = watches_[i].start(loop, kSignals[i], on_stop)) return error;
    }
    return {};
  }

  /// Lets go of the signals, so that the loop can end.
  void close() {
    for (SignalWatch& watch : watches_) watch.close();
  }

  /// Whether a signal does nothing to us.
  static bool is_ignored(int signal) {
    struct sigaction now {};
    return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
  }

 private:
  static constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};
  std::array<SignalWatch, kSignals.size()> watches_;
};
