#pragma once

#include <cstddef>

#include "uvspdy/headers.h"

namespace uvspdy::session {

/// The memory that kept headers count as, by the rule of HTTP/2 (RFC 9113, section 6.5.2): the size
/// of the texts and 32 bytes for each field.
inline std::size_t cost_of(const Headers& headers) {
  std::size_t cost = 0;
  for (const Headers::Field& field : headers) {
    cost += 32 + field.name.size() + field.value.size();
  }
  return cost;
}

}  // namespace uvspdy::session
