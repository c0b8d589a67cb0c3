#pragma once

#include <cstddef>
#include <string>

namespace uvspdy::test {

/// A payload of which no two near pieces look alike, so that a comparison shows when a piece is
/// missing, doubled or out of place.
inline std::string patterned_text(std::size_t size, std::size_t salt = 0) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>(' ' + (i * 31 + i / 251 + i / 65521 + salt * 17) % 95);
  }
  return text;
}

}  // namespace uvspdy::test
