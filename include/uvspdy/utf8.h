#pragma once

#include <string>
#include <string_view>

#include "uvspdy/export.h"

namespace uvspdy {

/// A text as valid UTF-8. Each invalid part (Unicode's maximal subpart: as many bytes as could
/// still have become a character) is replaced by one U+FFFD; everything else, NUL too, is
/// unchanged.
UVSPDY_EXPORT std::string valid_utf8(std::string_view text);

}  // namespace uvspdy
