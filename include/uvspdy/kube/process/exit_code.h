#pragma once

namespace uvspdy::kube {

/// What a command that a signal has ended is said to have exited with, as shells have it.
constexpr int exit_code_of_signal(int signal) { return 128 + signal; }

}  // namespace uvspdy::kube
