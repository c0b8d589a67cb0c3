#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace uvspdy::net {

/// RFC 4648, section 4, with padding, in one line. For at most 1 GiB: OpenSSL counts in `int`.
std::string base64_encode(std::string_view bytes);

/// The bytes of such a text, line ends in it passed over; nothing when it is not, character for
/// character, what base64_encode makes of some bytes.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace uvspdy::net
