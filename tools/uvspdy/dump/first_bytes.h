#pragma once

#include <string_view>

#include "uvspdy/bytes.h"

namespace uvspdy::command {

// Who speaks, by the first bytes that come from it. The library tells this by a header of its own,
// which is for itself.

/// A TLS handshake; two bytes say so.
inline bool begins_tls(Bytes first) {
  return first.size() >= 2 && first[0] == 0x16 && first[1] == 0x03;
}

/// A request or an answer of HTTP/1.
inline bool begins_http(Bytes first) {
  return !first.empty() && first[0] >= 'A' && first[0] <= 'Z';
}

/// An answer of HTTP/1.
inline bool begins_http_answer(Bytes first) { return text_of(first).starts_with("HTTP/"); }

}  // namespace uvspdy::command
