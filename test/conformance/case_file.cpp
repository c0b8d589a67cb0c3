#include "conformance/case_file.h"

#include <algorithm>
#include <array>

#include "core/trimmed.h"

namespace uvspdy::test {
namespace {

constexpr std::array<std::string_view, 3> kActions = {"in", "do", "wait"};
constexpr std::array<std::string_view, 8> kExpectations = {"out",  "told", "refused", "because",
                                                           "ends", "over", "window",  "grants"};
constexpr std::string_view kSpace = " \t";

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class CaseFileParser {
 public:
  explicit CaseFileParser(std::string_view file_name) : file_name_(file_name) {}

  void line(std::string_view text) {
    ++number_;
    if (trimmed(text, kSpace).empty() || text.front() == '#') return;
    const std::string_view verb = text.substr(0, text.find_first_of(kSpace));
    const std::string_view rest = trimmed(text.substr(verb.size()), kSpace);
    if (verb == "case") {
      end_case();
      cases_.push_back({.name = std::string(rest)});
      begun_at_ = number_;
      return;
    }
    if (cases_.empty()) fail("'" + std::string(verb) + "' stands before the first case");
    Case& current = cases_.back();
    CaseLine line{number_, std::string(verb), std::string(rest)};
    if (verb == "says") {
      said_ = true;
    } else if (verb == "departs") {
      if (rest.empty()) fail("a departure without its reason");
    } else if (verb == "role") {
      current.roles = roles(rest);
    } else if (verb == "set") {
      if (!current.steps.empty()) fail("'set' stands behind the first step");
      current.options.push_back(std::move(line));
    } else if (is_one_of(verb, kActions) || verb == "given" || is_one_of(verb, kExpectations)) {
      expects_ = expects_ || is_one_of(verb, kExpectations);
      last_is_action_ = is_one_of(verb, kActions) || verb == "given";
      current.steps.push_back(std::move(line));
    } else {
      fail("unknown word '" + std::string(verb) + "'");
    }
  }

  std::vector<Case> take() {
    end_case();
    return std::move(cases_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw CaseError(file_name_ + ":" + std::to_string(number_) + ": " + what);
  }

  std::vector<session::Role> roles(std::string_view text) const {
    using enum session::Role;
    if (text == "client") return {kClient};
    if (text == "server") return {kServer};
    if (text == "both") return {kClient, kServer};
    fail("a role is client, server or both");
  }

  void end_case() {
    if (cases_.empty()) return;
    number_ = last_is_action_ || !expects_ ? begun_at_ : number_;
    if (!said_) fail("the case does not say what the specification asks");
    if (cases_.back().roles.empty()) fail("the case has no role");
    if (!expects_) fail("the case expects nothing");
    if (last_is_action_) fail("the case ends without saying what follows from its last step");
    said_ = expects_ = last_is_action_ = false;
  }

  std::string file_name_;
  int number_ = 0;
  int begun_at_ = 0;
  bool said_ = false;
  bool expects_ = false;
  bool last_is_action_ = false;
  std::vector<Case> cases_;
};

}  // namespace

std::vector<Case> parse_cases(std::string_view file_name, std::string_view text) {
  CaseFileParser parser(file_name);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    parser.line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parser.take();
}

}  // namespace uvspdy::test
