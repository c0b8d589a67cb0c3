#include "kube/server/terminal_size_reader.h"

#include <algorithm>

#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

// A size has some thirty bytes. An object without an end in this many is an error.
constexpr std::size_t kMaxObject = 1024;

}  // namespace

Error TerminalSizeReader::take(Bytes bytes, std::optional<TerminalSize>& last) {
  std::string_view rest = text_of(bytes);
  // The objects contain only numbers, so each closing brace is an object's end.
  const std::size_t last_end = rest.rfind('}');
  if (last_end != rest.npos && last_end > 0) {
    const std::size_t end_before = rest.rfind('}', last_end - 1);
    if (end_before != rest.npos) {
      text_.clear();
      rest.remove_prefix(end_before + 1);
    }
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
