#include "printable.h"

#include <algorithm>

std::string printable(std::string_view text) {
  std::string clean(text.substr(0, text.find_last_not_of("\r\n") + 1));
  constexpr char kDelete = 0x7f;
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  std::replace_if(
      clean.begin(), clean.end(),
      [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == kDelete; }, '?');
  // The control characters of Latin-1 as UTF-8 has them: terminals obey these, too.
  for (std::size_t at = 0; at + 1 < clean.size(); ++at) {
    const auto next = static_cast<unsigned char>(clean[at + 1]);
    if (static_cast<unsigned char>(clean[at]) == 0xc2 && next >= 0x80 && next < 0xa0) {
      clean.replace(at, 2, "?");
    }
  }
  return clean;
}
