#pragma once

#include <cstdint>
#include <vector>

#include "uvspdy/bytes.h"

// Big-endian integers, the only kind on the wire (section 2.2).

namespace uvspdy::wire {

/// The unsigned integer in `count` bytes at `offset`; the caller has checked that they are there.
inline std::uint32_t read_big_endian(Bytes bytes, std::size_t offset, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = (value << 8) | bytes[offset + i];
  return value;
}

inline std::uint16_t read_u16(Bytes bytes, std::size_t offset) {
  return static_cast<std::uint16_t>(read_big_endian(bytes, offset, 2));
}
inline std::uint32_t read_u24(Bytes bytes, std::size_t offset) {
  return read_big_endian(bytes, offset, 3);
}
inline std::uint32_t read_u32(Bytes bytes, std::size_t offset) {
  return read_big_endian(bytes, offset, 4);
}

/// Stores the low `count` bytes of `value` at `to`.
inline void write_big_endian(std::uint32_t value, std::size_t count, std::uint8_t* to) {
  for (std::size_t i = 0; i < count; ++i) {
    to[i] = static_cast<std::uint8_t>(value >> (8 * (count - 1 - i)));
  }
}

inline void append_big_endian(std::uint32_t value, std::size_t count,
                              std::vector<std::uint8_t>& out) {
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * (count - 1 - i))));
  }
}

inline void append_u16(std::uint16_t value, std::vector<std::uint8_t>& out) {
  append_big_endian(value, 2, out);
}
inline void append_u24(std::uint32_t value, std::vector<std::uint8_t>& out) {
  append_big_endian(value, 3, out);
}
inline void append_u32(std::uint32_t value, std::vector<std::uint8_t>& out) {
  append_big_endian(value, 4, out);
}

}  // namespace uvspdy::wire
