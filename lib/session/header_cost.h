#pragma once

#include <cstddef>

#include "uvspdy/headers.h"

namespace uvspdy::session {

/// What headers cost while they are kept: the texts, and the fields that hold them.
inline std::size_t cost_of(const Headers& headers) {
  std::size_t cost = 0;
  for (const Headers::Field& field : headers.fields()) {
    cost += sizeof field + field.name.size() + field.value.size();
  }
  return cost;
}

}  // namespace uvspdy::session
