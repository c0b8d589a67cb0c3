#include "conformance/case_words.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "conformance/case_file.h"
#include "support/hex.h"

namespace uvspdy::test {
namespace {

template <class Number>
Number number_of(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw CaseError("'" + std::string(text) + "' is not a number that fits here");
  }
  return value;
}

std::string unescaped(std::string_view text) {
  if (text.size() > 2 && text.front() == '<' && text.back() == '>') {
    return std::string(number_of<std::uint32_t>(text.substr(1, text.size() - 2)), 'x');
  }
  std::string result;
  while (!text.empty()) {
    if (text.front() != '\\') {
      result += text.front();
      text.remove_prefix(1);
    } else if (text.starts_with("\\0")) {
      result += '\0';
      text.remove_prefix(2);
    } else if (text.starts_with("\\x") && text.size() >= 4) {
      result += static_cast<char>(from_hex(text.substr(2, 2)).front());
      text.remove_prefix(4);
    } else {
      throw CaseError("a backslash stands before 0 or xNN only");
    }
  }
  return result;
}

template <class Status>
Status status_of(std::string_view word, std::uint32_t first, std::uint32_t last) {
  for (std::uint32_t value = first; value <= last; ++value) {
    const auto status = static_cast<Status>(value);
    if (name_of(status) == word && word != "UNKNOWN") return status;
  }
  return static_cast<Status>(number_of<std::uint32_t>(word));
}

}  // namespace

void CaseWords::skip(std::size_t count) {
  rest_.remove_prefix(count);
  while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
}

// What stands before `end`; both are taken.
std::string_view CaseWords::up_to(char end) {
  const std::size_t length = rest_.find(end);
  if (length == std::string_view::npos) throw CaseError(std::string("there is no ") + end);
  const std::string_view text = rest_.substr(0, length);
  skip(length + 1);
  return text;
}

void CaseWords::end() const {
  if (!done()) throw CaseError("'" + std::string(rest_) + "' is more than belongs here");
}

std::string_view CaseWords::word() {
  if (done()) throw CaseError("the line ends too early");
  const std::string_view word = rest_.substr(0, rest_.find(' '));
  skip(word.size());
  return word;
}

bool CaseWords::take(std::string_view expected) {
  if (rest_.substr(0, rest_.find(' ')) != expected) return false;
  skip(expected.size());
  return true;
}

bool CaseWords::take_ellipsis() {
  constexpr std::string_view kEllipsis = "...";
  if (!rest_.ends_with(kEllipsis)) return false;
  rest_.remove_suffix(kEllipsis.size());
  return true;
}

std::uint32_t CaseWords::number() { return number_of<std::uint32_t>(word()); }

std::int64_t CaseWords::signed_number() { return number_of<std::int64_t>(word()); }

std::string CaseWords::payload() {
  if (rest_.starts_with('\'')) {
    rest_.remove_prefix(1);
    return std::string(up_to('\''));
  }
  const std::uint32_t size = number();
  if (!take("bytes")) throw CaseError("a payload is 'text' or N bytes");
  return std::string(size, 'x');
}

std::vector<std::pair<std::string, std::string>> CaseWords::headers() {
  if (!rest_.starts_with('{')) throw CaseError("headers stand in braces");
  rest_.remove_prefix(1);
  std::string_view text = up_to('}');
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find(", "));
    text.remove_prefix(std::min(text.size(), pair.size() + 2));
    const std::size_t colon = pair.find(": ");
    if (colon == std::string_view::npos) throw CaseError("a header is name: value");
    pairs.emplace_back(unescaped(pair.substr(0, colon)), unescaped(pair.substr(colon + 2)));
  }
  return pairs;
}

std::vector<std::uint8_t> CaseWords::hex() {
  const std::string_view digits = rest_;
  rest_ = {};
  try {
    return from_hex(digits);
  } catch (const std::invalid_argument& error) {
    throw CaseError(error.what());
  }
}

std::string CaseWords::hex_pattern() {
  std::string pattern(rest_);
  std::erase(pattern, ' ');
  std::string digits = pattern;
  std::replace(digits.begin(), digits.end(), '?', '0');
  rest_ = digits;
  hex();
  return pattern;
}

std::vector<std::string> CaseWords::quoted() {
  std::vector<std::string> texts;
  while (!done()) {
    if (!rest_.starts_with('"')) throw CaseError("texts stand in double quotes");
    rest_.remove_prefix(1);
    texts.emplace_back(up_to('"'));
  }
  if (texts.empty()) throw CaseError("a text is missing");
  return texts;
}

wire::RstStatus CaseWords::rst_status() { return status_of<wire::RstStatus>(word(), 1, 11); }

wire::GoAwayStatus CaseWords::goaway_status() {
  return status_of<wire::GoAwayStatus>(word(), 0, 2);
}

wire::SettingsFrame CaseWords::settings() {
  wire::SettingsFrame frame;
  frame.clear_settings = take("CLEAR_SETTINGS");
  while (!done()) {
    const std::string_view setting = word();
    const std::size_t equals = setting.find('=');
    if (equals == std::string_view::npos) throw CaseError("a setting is id=value");
    wire::SettingsFrame::Entry entry{
        static_cast<wire::SettingId>(number_of<std::uint32_t>(setting.substr(0, equals))), 0,
        number_of<std::uint32_t>(setting.substr(equals + 1))};
    if (take("PERSIST_VALUE")) entry.flags = wire::kFlagPersistValue;
    if (take("PERSISTED")) entry.flags = wire::kFlagPersisted;
    frame.entries.push_back(entry);
  }
  return frame;
}

}  // namespace uvspdy::test
