#pragma once

namespace uvspdy::kube {

/// The exit code that shells report for a command that a signal has ended.
constexpr int exit_code_of_signal(int signal) { return 128 + signal; }

}  // namespace uvspdy::kube
