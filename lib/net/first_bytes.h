#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "uvspdy/bytes.h"

// Tells TLS from HTTP by the first bytes of a peer; the very first one is enough. Each function
// takes one byte or more, and judges by those that are there.

namespace uvspdy::net {

/// Whether a TLS record begins: its type, 20 to 23, and version 3. Handshakes and alerts are the
/// types that can come first.
inline bool begins_tls(Bytes first) {
  return !first.empty() && first[0] >= 20 && first[0] <= 23 && (first.size() < 2 || first[1] == 3);
}

/// Whether a request of HTTP/1 begins: with a method, of which three letters are enough.
inline bool begins_http_request(Bytes first) {
  const Bytes start = first.first(std::min<std::size_t>(first.size(), 3));
  return !start.empty() && std::all_of(start.begin(), start.end(), [](std::uint8_t byte) {
    return byte >= 'A' && byte <= 'Z';
  });
}

/// Whether a response of HTTP/1 begins.
inline bool begins_http_answer(Bytes first) {
  constexpr std::string_view kStart = "HTTP/";
  const std::string_view start = text_of(first).substr(0, kStart.size());
  return !start.empty() && start == kStart.substr(0, start.size());
}

}  // namespace uvspdy::net
