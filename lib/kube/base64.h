#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace uvspdy::kube {

/// RFC 4648, section 4, with padding.
std::string base64_encode(std::string_view bytes);

/// The bytes of such a text, line ends in it passed over; nothing when it is none.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace uvspdy::kube
