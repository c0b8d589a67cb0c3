#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "support/catch.h"

namespace uvspdy::test {

/// Whether a text names all of these; says which it does not.
inline bool mentions(const std::string& text, std::initializer_list<std::string_view> parts) {
  bool all = true;
  for (const std::string_view part : parts) {
    if (text.find(part) != std::string::npos) continue;
    UNSCOPED_INFO("no \"" << part << "\" in \"" << text << "\"");
    all = false;
  }
  return all;
}

}  // namespace uvspdy::test
