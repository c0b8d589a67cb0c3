#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "uvspdy/bytes.h"

// Header blocks and frames around them put together by hand, right or wrong as a test wants them.

namespace uvspdy::test {

inline void append_number(std::uint32_t value, std::size_t size, std::vector<std::uint8_t>& out) {
  for (std::size_t i = size; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

inline void append_bytes(Bytes bytes, std::vector<std::uint8_t>& out) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// A block that claims `count` pairs and holds these.
inline std::vector<std::uint8_t> header_block(
    std::uint32_t count,
    std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
  std::vector<std::uint8_t> block;
  append_number(count, 4, block);
  for (const auto& [name, value] : pairs) {
    append_number(static_cast<std::uint32_t>(name.size()), 4, block);
    append_bytes(bytes_of(name), block);
    append_number(static_cast<std::uint32_t>(value.size()), 4, block);
    append_bytes(bytes_of(value), block);
  }
  return block;
}

/// A control frame.
inline std::vector<std::uint8_t> control_frame(std::uint16_t type, std::uint8_t flags, Bytes body) {
  std::vector<std::uint8_t> frame;
  append_number(0x8003, 2, frame);
  append_number(type, 2, frame);
  frame.push_back(flags);
  append_number(static_cast<std::uint32_t>(body.size()), 3, frame);
  append_bytes(body, frame);
  return frame;
}

/// A HEADERS frame around a compressed header block.
inline std::vector<std::uint8_t> headers_frame(std::uint32_t stream_id, Bytes compressed) {
  std::vector<std::uint8_t> body;
  append_number(stream_id, 4, body);
  append_bytes(compressed, body);
  return control_frame(8, 0, body);
}

}  // namespace uvspdy::test
