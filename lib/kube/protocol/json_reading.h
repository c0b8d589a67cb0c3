#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uvspdy::kube {

/// The place of a value in a JSON text: the names of the members that lead to it, outermost first.
class JsonPath {
 public:
  /// Stands for an element of an array in the argument of `is`: no name is like it.
  static constexpr std::string_view kElement{};

  bool is(std::initializer_list<std::string_view> names) const;

 private:
  friend class JsonReading;
  // Without a value: an array's element. Names longer than any that is asked for are cut.
  std::vector<std::optional<std::string>> steps_;
};

/// A value that the reading has come to. An object or an array is reported where it begins.
struct JsonValue {
  enum class Type { kNull, kBoolean, kUnsigned, kOtherNumber, kText, kObject, kArray };
  Type type = Type::kNull;
  bool flag = false;
  std::uint64_t number = 0;
  std::string_view text{};  ///< empty but for kText

  bool is_true() const { return type == Type::kBoolean && flag; }
};

enum class JsonEnd {
  kComplete,
  kMalformed,
  kTooDeep,  ///< nested more than kMaxJsonDepth deep
  kStopped,  ///< the handler has returned false
};

constexpr std::size_t kMaxJsonDepth = 64;

/// Reads a JSON text and keeps nothing of it: `on_value` takes each value in turn, and returns
/// whether to go on. So memory does not grow with the number of values, which a peer decides. A
/// member that occurs twice is reported twice.
JsonEnd read_json(std::string_view text,
                  const std::function<bool(const JsonPath&, const JsonValue&)>& on_value);

/// What a text is that holds no object of the kind expected, for an error: "3 bytes of something
/// else", or "3 bytes of JSON that is nested more than 64 deep".
std::string something_else(std::string_view text, JsonEnd end);

}  // namespace uvspdy::kube
