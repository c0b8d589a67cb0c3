#include "httpstream/chunked_body.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "core/control_character.h"

namespace uvspdy::httpstream {
namespace {

// The most bytes of a line with a chunk's size, which extensions may follow.
constexpr std::size_t kMaxLine = 256;

// A line without extensions: 16 digits, and CR LF.
constexpr std::size_t kPlainLine = 18;

// The most bytes of extensions in a body: a chunk of one byte may have 250 of them.
constexpr std::size_t kMaxExtensions = 16 * 1024;

// Which control characters may be in a line: CR LF ends it.
bool is_line_control(char c) { return c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

ChunkedBody::State ChunkedBody::take(Bytes input, std::string& body, std::size_t limit) {
  std::string_view text = text_of(input);
  while (!text.empty()) {
    if (part_ == Part::kData) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, text.size()));
      const std::size_t room = limit - body.size();
      body += text.substr(0, std::min(size, room));
      if (size > room) return state_ = State::kTooLong;
      text.remove_prefix(size);
      left_ -= size;
      if (left_ == 0) part_ = Part::kDataEnd;
      continue;
    }
    const char c = text.front();
    const bool after_cr = line_.ends_with('\r');
    if (after_cr != (c == '\n') || (is_control(c) && !is_line_control(c))) {
      return state_ = State::kMalformed;
    }
    line_ += c;
    text.remove_prefix(1);
    if (c != '\n') {
      if (line_.size() == kMaxLine) return state_ = State::kMalformed;
      continue;
    }
    if (part_ == Part::kSize) {
      if (!read_size()) return state_ = State::kMalformed;
      // The trailers after the last chunk are not used.
      if (left_ == 0) return state_ = State::kComplete;
      part_ = Part::kData;
    } else {
      if (line_.size() > 2) return state_ = State::kMalformed;
      part_ = Part::kSize;
    }
    line_.clear();
  }
  return state_;
}

bool ChunkedBody::read_size() {
  if (line_.size() > kPlainLine) extensions_ += line_.size() - kPlainLine;
  if (extensions_ > kMaxExtensions) return false;
  const auto [end, error] = std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
  if (error != std::errc()) return false;
  return *end == '\r' || *end == ';' || *end == ' ' || *end == '\t';
}

}  // namespace uvspdy::httpstream
