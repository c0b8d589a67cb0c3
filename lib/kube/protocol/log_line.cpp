#include "kube/protocol/log_line.h"

#include "uvspdy/printable.h"

namespace uvspdy::kube {
namespace {

// What a line shows of a text that somebody else chose.
constexpr std::size_t kLogged = 512;

}  // namespace

std::string log_line(std::string_view peer, std::string_view text) {
  return printable(std::string(peer) + ": " + printable(text, kLogged));
}

std::string command_text(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace uvspdy::kube
