#include "serve/process_facts.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <sstream>

namespace uvspdy::command {

// Without std::ifstream, whose iterators throw when read() fails.
std::optional<ProcessFacts> read_facts(int descriptor) {
  std::string text;
  std::array<char, 4096> block{};
  ssize_t size = 0;
  while ((size = read(descriptor, block.data(), block.size())) != 0) {
    if (size > 0) text.append(block.data(), static_cast<std::size_t>(size));
    if (size < 0 && errno != EINTR) return std::nullopt;
  }
  // The name may have spaces and parentheses in it.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  constexpr int kState = 3;
  constexpr int kSession = 6;
  constexpr int kStartTime = 22;
  ProcessFacts facts;
  std::string field;
  for (int number = kState; number <= kStartTime && fields >> field; ++number) {
    const char* end = field.data() + field.size();
    if (number == kState) facts.has_ended = field == "Z" || field == "X";
    if (number == kSession) std::from_chars(field.data(), end, facts.session);
    if (number == kStartTime) std::from_chars(field.data(), end, facts.start_time);
  }
  return facts;
}

std::optional<ProcessFacts> facts_of(const std::string& pid) {
  const int file = open(("/proc/" + pid + "/stat").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  const auto facts = read_facts(file);
  close(file);
  return facts;
}

}  // namespace uvspdy::command
