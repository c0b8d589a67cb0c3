#pragma once

#include <algorithm>
#include <string>

namespace uvspdy::kube {

/// One line for a log, whatever a client has put into it.
inline std::string log_line(const std::string& peer, const std::string& text) {
  constexpr std::size_t kLogged = 512;  // of a text that somebody else chose
  std::string line = peer + ": " + text.substr(0, kLogged);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, '?');
  return line;
}

}  // namespace uvspdy::kube
