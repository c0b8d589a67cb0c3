#pragma once

#include <string>
#include <string_view>

/// A text as it may go to a terminal, in one line: names and messages come from the other side,
/// which must not move the cursor or make lines of its own. Ends of lines become spaces but
/// at its own end, other control characters '?'; tabs stay.
std::string printable(std::string_view text);
