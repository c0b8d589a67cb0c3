#pragma once

#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/bytes.h"

// Defined in the header, since the two libraries share no private symbols.

namespace uvspdy::net {

/// Encodes by RFC 4648, section 4: with padding, in one line. For at most 1 GiB: OpenSSL counts in
/// `int`.
inline std::string base64_encode(std::string_view bytes) {
  // OpenSSL appends a NUL to the four characters that it makes of each three bytes.
  std::vector<std::uint8_t> encoded((bytes.size() + 2) / 3 * 4 + 1);
  const int size =
      EVP_EncodeBlock(encoded.data(), bytes_of(bytes).data(), static_cast<int>(bytes.size()));
  return std::string(text_of(encoded).substr(0, static_cast<std::size_t>(size)));
}

/// Decodes such a text, ignoring line ends. Nothing if the rest is not, character for character,
/// what base64_encode makes of some bytes.
inline std::optional<std::string> base64_decode(std::string_view text) {
  std::string line(text);
  std::erase_if(line, [](char c) { return c == '\n' || c == '\r'; });
  if (line.size() > std::numeric_limits<int>::max()) return std::nullopt;
  std::vector<std::uint8_t> decoded(line.size() / 4 * 3 + 3);
  const int size =
      EVP_DecodeBlock(decoded.data(), bytes_of(line).data(), static_cast<int>(line.size()));
  if (size < 0) return std::nullopt;
  // OpenSSL decodes padding to zero bytes.
  const std::size_t padding = line.ends_with("==") ? 2 : line.ends_with('=') ? 1 : 0;
  const auto count = static_cast<std::size_t>(size);
  std::string bytes(text_of(decoded).substr(0, count - std::min(count, padding)));
  // OpenSSL also accepts spaces and dashes at the ends, a '=' anywhere, and unused bits that are
  // set.
  if (base64_encode(bytes) != line) return std::nullopt;
  return bytes;
}

}  // namespace uvspdy::net
