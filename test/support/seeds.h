#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace uvspdy::test {

/// Seeds for a randomized test: 1 to `count`, so that a run can be repeated. The environment
/// variable UVSPDY_TEST_SEEDS sets another count, UVSPDY_TEST_SEED one seed alone. The test says
/// INFO("UVSPDY_TEST_SEED=" << seed).
inline std::vector<std::uint32_t> seeds(std::uint32_t count) {
  if (const char* const chosen = std::getenv("UVSPDY_TEST_SEED")) {
    return {static_cast<std::uint32_t>(std::stoul(chosen))};
  }
  if (const char* const chosen = std::getenv("UVSPDY_TEST_SEEDS")) {
    count = static_cast<std::uint32_t>(std::stoul(chosen));
  }
  std::vector<std::uint32_t> all;
  for (std::uint32_t seed = 1; seed <= count; ++seed) all.push_back(seed);
  return all;
}

}  // namespace uvspdy::test
