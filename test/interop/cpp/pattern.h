#pragma once

#include <cstdint>

#include "uvspdy/bytes.h"

namespace uvspdy::interop {

/// Fills `out` with bytes `offset` and on of what stream `index` sends: 32-bit words,
/// little-endian, each a hash of its place, which all peers, in whatever language, make again
/// instead of keeping them. Streams differ, so that data on the wrong one is noticed.
inline void fill_pattern(MutableBytes out, std::uint32_t index, std::uint64_t offset) {
  const auto word_at = [index](std::uint64_t number) {
    std::uint32_t word = index * 0x9e3779b1u + static_cast<std::uint32_t>(number);
    word = (word ^ word >> 16) * 0x85ebca6bu;
    word = (word ^ word >> 13) * 0xc2b2ae35u;
    return word ^ word >> 16;
  };
  const auto byte_at = [&word_at](std::uint64_t at) {
    return static_cast<std::uint8_t>(word_at(at / 4) >> (at % 4 * 8));
  };
  std::size_t i = 0;
  for (; i < out.size() && (offset + i) % 4 != 0; ++i) out[i] = byte_at(offset + i);
  for (; i + 4 <= out.size(); i += 4) {
    const std::uint32_t word = word_at((offset + i) / 4);
    out[i] = static_cast<std::uint8_t>(word);
    out[i + 1] = static_cast<std::uint8_t>(word >> 8);
    out[i + 2] = static_cast<std::uint8_t>(word >> 16);
    out[i + 3] = static_cast<std::uint8_t>(word >> 24);
  }
  for (; i < out.size(); ++i) out[i] = byte_at(offset + i);
}

}  // namespace uvspdy::interop
