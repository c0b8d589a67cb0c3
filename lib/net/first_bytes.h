#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "uvspdy/bytes.h"

// Who speaks, by the first bytes that come from it: TLS and HTTP are told apart by the very first.
// Each answer is for as many bytes as there are, one at least.

namespace uvspdy::net {

/// A TLS record: its type, 20 to 23, and version 3. Handshakes and alerts are what can come first.
inline bool begins_tls(Bytes first) {
  return !first.empty() && first[0] >= 20 && first[0] <= 23 && (first.size() < 2 || first[1] == 3);
}

/// A request of HTTP/1: a method, of which three letters say enough.
inline bool begins_http_request(Bytes first) {
  const Bytes start = first.first(std::min<std::size_t>(first.size(), 3));
  return !start.empty() && std::all_of(start.begin(), start.end(), [](std::uint8_t byte) {
    return byte >= 'A' && byte <= 'Z';
  });
}

/// An answer of HTTP/1.
inline bool begins_http_answer(Bytes first) {
  constexpr std::string_view kStart = "HTTP/";
  const std::string_view start = text_of(first).substr(0, kStart.size());
  return !start.empty() && start == kStart.substr(0, start.size());
}

}  // namespace uvspdy::net
