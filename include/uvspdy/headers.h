#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "uvspdy/export.h"

namespace uvspdy {

/// An ordered list of header fields, for HTTP heads and SPDY header blocks alike.
///
/// A name may stand more than once and keeps the letters it was given; comparing ignores ASCII
/// case. On the SPDY wire names are lower case and the values of one name travel joined by NUL
/// (section 2.6.10); the encoder sees to both.
class UVSPDY_EXPORT Headers {
 public:
  struct Field {
    std::string name;
    std::string value;
    bool operator==(const Field&) const = default;
  };

  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

  /// Adds a field behind those that are there.
  void add(std::string_view name, std::string_view value);

  /// Takes memory for that many fields, and no more.
  void reserve(std::size_t fields) { fields_.reserve(fields); }

  /// Replaces every field of that name by one.
  void set(std::string_view name, std::string_view value);

  /// Removes every field of that name.
  void remove(std::string_view name);

  /// The first value of a name. The view is valid until the Headers change.
  std::optional<std::string_view> get(std::string_view name) const;

  /// All values of a name, in order. The views are valid until the Headers change.
  std::vector<std::string_view> values(std::string_view name) const;

  const std::vector<Field>& fields() const { return fields_; }
  bool empty() const { return fields_.empty(); }

  bool operator==(const Headers&) const = default;

 private:
  std::vector<Field> fields_;
};

/// Whether two texts are the same when ASCII case is ignored.
UVSPDY_EXPORT bool equals_ignoring_case(std::string_view left, std::string_view right);

/// A text with its ASCII letters in lower case.
UVSPDY_EXPORT std::string to_lower(std::string_view text);

}  // namespace uvspdy
