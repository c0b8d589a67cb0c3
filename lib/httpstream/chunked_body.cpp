#include "httpstream/chunked_body.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace uvspdy::httpstream {
namespace {

// The most bytes of a line with a chunk's size, which extensions may follow.
constexpr std::size_t kMaxLine = 256;

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
    line_ += text.front();
    text.remove_prefix(1);
    if (!line_.ends_with("\r\n")) {
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
  const auto [end, error] = std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
  if (error != std::errc()) return false;
  return *end == '\r' || *end == ';' || *end == ' ' || *end == '\t';
}

}  // namespace uvspdy::httpstream
