#pragma once

#include <string>

namespace uvspdy::kube {

/// What a server that refuses a request with `status` is said to have said.
inline std::string refusal_text(int status, const std::string& message) {
  return "the server refused (" + std::to_string(status) + "): " + message;
}

}  // namespace uvspdy::kube
