#pragma once

#include <string>

#include "uvspdy/printable.h"

namespace uvspdy::kube {

/// The text of an error for a server that refused a request with `status` and `message`.
inline std::string refusal_text(int status, const std::string& message) {
  return "the server refused (" + std::to_string(status) + "): " + printable(message);
}

}  // namespace uvspdy::kube
