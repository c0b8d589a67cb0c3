#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "uvspdy/export.h"

namespace uvspdy {

/// A text from any source as one line that is safe to show on a terminal or keep in a log.
///
/// The line is valid UTF-8 (see valid_utf8) without control characters. A run of tabs, line ends
/// and the like becomes one space, and is removed at both ends; any other control character, those
/// of 8 bits (U+0080 to U+009F) included, becomes '?'. A line of more than `most` bytes is cut
/// between two characters and ends with "...".
///
/// Printable characters are unchanged.
UVSPDY_EXPORT std::string printable(std::string_view text,
                                    std::size_t most = std::string_view::npos);

}  // namespace uvspdy
