#pragma once

#include <array>
#include <cstdint>

namespace uvspdy::wire {

/// The preset dictionary of SPDY/3 header compression (section 2.6.10.1).
/// Adler-32 0xe3c6a7c2.
extern const std::array<std::uint8_t, 1423> kDictionary;

}  // namespace uvspdy::wire
