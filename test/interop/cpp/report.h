#pragma once

#include <cstdio>
#include <string>

namespace uvspdy::interop {

// What the test programs exit with.
constexpr int kDone = 0;
constexpr int kDisagreed = 1;
constexpr int kUsageError = 2;

/// One line on stderr, where the tests look for what went wrong.
inline void report(const std::string& message) {
  std::fprintf(stderr, "peer: %s\n", message.c_str());
}

}  // namespace uvspdy::interop
