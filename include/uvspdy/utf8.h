#pragma once

#include <string>
#include <string_view>

#include "uvspdy/export.h"

namespace uvspdy {

/// A text as valid UTF-8. Each part that is none, as long as it could have become a character
/// (Unicode's maximal subpart), is one replacement character U+FFFD; everything else, NUL too,
/// stays.
UVSPDY_EXPORT std::string valid_utf8(std::string_view text);

}  // namespace uvspdy
