#pragma once

namespace uvspdy::httpstream {

/// Whether an answer of this status has a body, which may be empty (RFC 9112, section 6.3).
constexpr bool status_has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

}  // namespace uvspdy::httpstream
