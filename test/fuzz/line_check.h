#pragma once

#include <string>

#include "uvspdy/error.h"
#include "uvspdy/printable.h"
#include "violation.h"

namespace uvspdy::fuzz {

/// A text for people is one printable line of bounded length, whatever it quotes.
inline void check_line(const std::string& line) {
  require(printable(line) == line, "a text for people that is not one printable line");
}

inline void check_error(const Error& error) {
  require(static_cast<bool>(error) && !error.message().empty(), "an error without a text");
  require(error.message().size() <= kLongestErrorText, "an error whose text is too long");
  check_line(error.message());
}

}  // namespace uvspdy::fuzz
