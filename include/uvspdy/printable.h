#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "uvspdy/export.h"

namespace uvspdy {

/// The most bytes of an error's text, which may quote a peer.
inline constexpr std::size_t kLongestErrorText = 2048;

/// The most bytes of a line that `printable` makes, unless its caller names another number.
inline constexpr std::size_t kLongestLine = 4096;

/// A text from any source as one line that is safe to show on a terminal or keep in a log.
///
/// The line is valid UTF-8 (see valid_utf8) without control characters. A run of tabs, line ends
/// and the like becomes one space, and is removed at both ends; any other control character, those
/// of 8 bits (U+0080 to U+009F) included, becomes '?'. A character that is not seen, or that
/// changes how its neighbours are shown, is replaced by its number, as <U+202E>: line and paragraph
/// separators, marks of the writing direction, and those of which Unicode says that they are
/// ignored where they are not known (joiners, fillers, variation selectors, tags). A line of more
/// than `most` bytes is cut between two characters and ends with "...".
///
/// Other characters are unchanged.
UVSPDY_EXPORT std::string printable(std::string_view text, std::size_t most = kLongestLine);

}  // namespace uvspdy
