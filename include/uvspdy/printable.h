#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "uvspdy/export.h"

namespace uvspdy {

/// A text as one line that a terminal shows and a log keeps, whoever has written it.
///
/// It is valid UTF-8 (see valid_utf8) without control characters, those of 8 bits included: U+0080
/// to U+009F, and the bytes 0x80 to 0x9f where they are no part of a character. White space among
/// them (tabs, ends of lines) becomes one space for each run of it, and goes at both ends; any
/// other control character becomes '?'. A line of more than `most` bytes is cut between two
/// characters and ends with "...".
///
/// What is printable stays as it is.
UVSPDY_EXPORT std::string printable(std::string_view text,
                                    std::size_t most = std::string_view::npos);

}  // namespace uvspdy
