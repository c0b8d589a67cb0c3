#include "kube/protocol/log_line.h"

#include <algorithm>

namespace uvspdy::kube {
namespace {

// What a line shows of a text that somebody else chose.
constexpr std::size_t kLogged = 512;

}  // namespace

std::string log_line(std::string_view peer, std::string_view text) {
  std::string line = std::string(peer) + ": " + std::string(text.substr(0, kLogged));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, '?');
  return line;
}

std::string command_text(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace uvspdy::kube
