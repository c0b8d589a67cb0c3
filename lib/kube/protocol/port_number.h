#pragma once

#include <cstdint>
#include <string_view>

#include "uvspdy/error.h"

namespace uvspdy::kube {

/// Parses a port, from 1 to 65535. Errors: kBadRequest.
Result<std::uint16_t> parse_port(std::string_view text);

}  // namespace uvspdy::kube
