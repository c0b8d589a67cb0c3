#include "kube/protocol/log_line.h"

#include "uvspdy/printable.h"

namespace uvspdy::kube {
namespace {

// The most bytes that a line shows of a text from a client.
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
