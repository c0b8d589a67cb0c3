#pragma once

#include <uv.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <utility>

#include "deadline.h"
#include "signal_watch.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

/// Calls a handler, from the loop, at each signal that asks this process to end, and with kTimeIsUp
/// when the time of --timeout is over, unless a signal came before: a process that ends already is
/// not asked again. Signals ignored at start-up stay ignored: nohup ignores
/// SIGHUP, and a shell without job control ignores SIGINT for its background commands. It does not
/// keep the loop alive.
class StopSignals {
 public:
  static constexpr std::array kUsual = {SIGINT, SIGTERM, SIGHUP};
  /// For a command that has a terminal to restore.
  static constexpr std::array kWithQuit = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

  StopSignals() = default;
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Starts watching, once. Errors: libuv's.
  Error start(uv_loop_t* loop, Callback<void(int signal)> on_stop,
              std::span<const int> signals = kUsual) {
    on_stop_ = std::move(on_stop);
    for (std::size_t i = 0; i < signals.size(); ++i) {
      if (is_ignored(signals[i])) continue;
      Error error = watches_[i].start(loop, signals[i], [this](int signal) {
        time_.stop();
        on_stop_(signal);
      });
      if (error) return error;
    }
    time_.start(loop, [this] { on_stop_(kTimeIsUp); });
    return {};
  }

 private:
  static bool is_ignored(int signal) {
    struct sigaction now {};
    return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
  }

  Callback<void(int signal)> on_stop_;
  std::array<SignalWatch, kWithQuit.size()> watches_;
  DeadlineWatch time_;
};

/// Ends the process at once by the signal, as if it were not handled: a shell sees 130 for Ctrl-C
/// (SIGINT). With kTimeIsUp it exits with kTimeIsUpCode.
[[noreturn]] inline void die_of(int signal) {
  if (signal == kTimeIsUp) std::_Exit(kTimeIsUpCode);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  std::_Exit(exit_code_of_stop(signal));
}

}  // namespace uvspdy::command
