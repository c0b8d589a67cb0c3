#pragma once

// Catch2, 2.13 (Debian 12) or 3.x, under one name.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <string>

namespace uvspdy::test {

/// Marks the running test case as skipped and prints why. Use SKIP_TEST.
void mark_skipped(const std::string& reason);

}  // namespace uvspdy::test

/// Ends a test case that cannot run here, aloud. Only at the top level of a TEST_CASE.
#define SKIP_TEST(reason)                 \
  do {                                    \
    ::uvspdy::test::mark_skipped(reason); \
    return;                               \
  } while (false)
