#pragma once

#include <string_view>

#include "uvspdy/bytes.h"

namespace uvspdy::command {

// Recognises a protocol by the first bytes. The library has a header like this one, but that is
// private.

/// Whether bytes begin a TLS handshake; two bytes suffice.
inline bool begins_tls(Bytes first) {
  return first.size() >= 2 && first[0] == 0x16 && first[1] == 0x03;
}

/// Whether bytes begin a request or an answer of HTTP/1.
inline bool begins_http(Bytes first) {
  return !first.empty() && first[0] >= 'A' && first[0] <= 'Z';
}

/// Whether bytes begin an answer of HTTP/1.
inline bool begins_http_answer(Bytes first) { return text_of(first).starts_with("HTTP/"); }

}  // namespace uvspdy::command
