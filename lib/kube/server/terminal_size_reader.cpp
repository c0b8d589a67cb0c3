#include "kube/server/terminal_size_reader.h"

#include <algorithm>

#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

// A size has some thirty bytes. An object without an end in this many is an error.
constexpr std::size_t kMaxObject = 1024;

// The end of the object before the last two, which alone are parsed: the last one counts, or if it
// is no size, the one before. Objects contain only numbers, so each closing brace ends one.
std::size_t end_before_last_two(std::string_view text) {
  std::size_t end = text.size();
  for (int braces = 0; braces < 3; ++braces) {
    end = end == 0 ? text.npos : text.rfind('}', end - 1);
    if (end == text.npos) return 0;
  }
  return end + 1;
}

}  // namespace

Error TerminalSizeReader::take(Bytes bytes, std::optional<TerminalSize>& last) {
  std::string_view rest = text_of(bytes);
  if (const std::size_t skipped = end_before_last_two(rest)) {
    text_.clear();
    rest.remove_prefix(skipped);
  }
  while (!ended_ && !rest.empty()) {
    const std::size_t brace = rest.find('}');
    const std::string_view piece = rest.substr(0, brace == rest.npos ? rest.size() : brace + 1);
    if (text_.size() + piece.size() > kMaxObject) {
      ended_ = true;
      return Error(Errc::kBadRequest,
                   "a terminal's size is longer than " + std::to_string(kMaxObject) + " bytes");
    }
    text_ += piece;
    rest.remove_prefix(piece.size());
    if (brace == rest.npos) break;
    const Result<TerminalSize> size = parse_terminal_size(text_);
    text_.clear();
    if (!size) {
      ended_ = true;
      return size.error();
    }
    last = *size;
  }
  return {};
}

}  // namespace uvspdy::kube
