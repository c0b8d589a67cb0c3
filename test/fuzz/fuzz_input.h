#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "uvspdy/bytes.h"

namespace uvspdy::fuzz {

/// The fuzzer's bytes, taken from the front as numbers and texts. Past the end come zeros, so that
/// every input means something.
class FuzzInput {
 public:
  explicit FuzzInput(Bytes bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  Bytes rest() const { return rest_; }

  std::uint8_t u8() {
    const Bytes byte = bytes(1);
    return byte.empty() ? std::uint8_t{0} : byte[0];
  }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u24() { return number(3); }
  std::uint32_t u32() { return number(4); }
  bool flag() { return (u8() & 1) != 0; }

  /// 0 to `below` - 1.
  std::size_t below(std::size_t below) { return u8() % below; }

  /// The next `size` bytes, or what there is.
  Bytes bytes(std::size_t size) {
    const Bytes taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

 private:
  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = (value << 8) | u8();
    return value;
  }

  Bytes rest_;
};

/// Where to cut an input, from one byte of it: 0 leaves it whole, 1 gives single bytes, the others
/// seed a sequence of sizes.
class Cuts {
 public:
  explicit Cuts(std::uint8_t seed) : seed_(seed), state_(seed) {}

  std::size_t next(std::size_t left) {
    if (seed_ == 0) return left;
    if (seed_ == 1) return std::min<std::size_t>(1, left);
    state_ = state_ * 1103515245 + 12345;
    const std::uint32_t random = state_ >> 16;
    // Mostly small, now and then past a whole frame.
    const std::size_t size = (random & 7) == 0 ? random & 0x3ff : (random & 0xf) + 1;
    return std::clamp<std::size_t>(size, 1, std::max<std::size_t>(left, 1));
  }

 private:
  std::uint8_t seed_;
  std::uint32_t state_;
};

}  // namespace uvspdy::fuzz
