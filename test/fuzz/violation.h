#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace uvspdy::fuzz {

/// A promise of the library does not hold for this input: says which one, and dies, so that
/// libFuzzer keeps the input.
[[noreturn]] inline void violation(const std::string& what) {
  std::fprintf(stderr, "VIOLATION: %s\n", what.c_str());
  std::abort();
}

inline void require(bool holds, const char* what) {
  if (!holds) violation(what);
}

}  // namespace uvspdy::fuzz
