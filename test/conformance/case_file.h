#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/session/options.h"

// The cases under test/conformance/cases, as they are written. README.md has the format.

namespace uvspdy::test {

/// A mistake in a case file, not in the session: it fails the test with the place.
class CaseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One line of a case: `verb` is its first word, `text` the rest.
struct CaseLine {
  int number = 0;
  std::string verb;
  std::string text;
};

struct Case {
  std::string name;
  std::vector<session::Role> roles;
  std::vector<CaseLine> options;  ///< the `set` lines
  std::vector<CaseLine> steps;
};

/// All cases of one file. Throws CaseError for whatever is not as README.md has it.
std::vector<Case> parse_cases(std::string_view file_name, std::string_view text);

}  // namespace uvspdy::test
