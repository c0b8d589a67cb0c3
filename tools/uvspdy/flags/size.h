#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace uvspdy::command {

/// Parses a number of bytes of a command line, in the form of Kubernetes' quantities: "1000",
/// "10k", "10M", "2G" (powers of 1000), "64Ki", "10Mi", "1Gi" (powers of 1024). Nothing for any
/// other text, and for more than 2^63 bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace uvspdy::command
