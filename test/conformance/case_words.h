#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "uvspdy/wire/frame.h"

namespace uvspdy::test {

/// The text of one line of a case, taken word by word. Each function throws CaseError when what
/// stands there is something else.
class CaseWords {
 public:
  explicit CaseWords(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  /// Throws if anything is left.
  void end() const;

  /// The next word.
  std::string_view word();

  /// Takes the next word if it is this one.
  bool take(std::string_view expected);

  std::uint32_t number();

  /// A number that may be negative.
  std::int64_t signed_number();

  /// 'text', or "N bytes", which stands for N times an x.
  std::string payload();

  /// {name: value, name: value}, in which \0 is a NUL, \xNN any byte, and a value <N> stands for N
  /// times an x.
  std::vector<std::pair<std::string, std::string>> headers();

  /// Takes the "..." off the end of the line, which says that anything may follow.
  bool take_ellipsis();

  /// Hex digits, up to the end of the line, and the same as text without spaces, in which ? may
  /// stand for any digit.
  std::vector<std::uint8_t> hex();
  std::string hex_pattern();

  /// "text" "text", up to the end of the line.
  std::vector<std::string> quoted();

  /// A status by its name or its number.
  wire::RstStatus rst_status();
  wire::GoAwayStatus goaway_status();

  /// CLEAR_SETTINGS 4=100 7=65536 PERSIST_VALUE PERSISTED, up to the end of the line.
  wire::SettingsFrame settings();

 private:
  void skip(std::size_t count);
  std::string_view up_to(char end);

  std::string_view rest_;
};

}  // namespace uvspdy::test
