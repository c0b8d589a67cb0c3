#pragma once

#include <cstddef>
#include <cstdint>
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
///
/// All fields stand in one piece of memory, behind one another. Views of them, and iterators, are
/// valid until the Headers change.
class UVSPDY_EXPORT Headers {
 public:
  struct Field {
    std::string_view name{};
    std::string_view value{};
    bool operator==(const Field&) const = default;
  };

  /// Goes through the fields in order: `for (const auto& [name, value] : headers)`.
  class UVSPDY_EXPORT Iterator {
   public:
    using value_type = Field;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;

    Field operator*() const;
    Iterator& operator++();
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    friend class Headers;
    explicit Iterator(const char* at) : at_(at) {}

    const char* at_ = nullptr;
  };

  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

  /// Takes memory for so many fields whose names and values are `text` bytes long in all.
  void reserve(std::size_t fields, std::size_t text);

  /// Adds a field behind those that are there. The name and the value are shorter than 4 GiB.
  void add(std::string_view name, std::string_view value);

  /// Replaces every field of that name by one.
  void set(std::string_view name, std::string_view value);

  /// Removes every field of that name.
  void remove(std::string_view name);

  /// The first value of a name.
  std::optional<std::string_view> get(std::string_view name) const;

  /// All values of a name, in order.
  std::vector<std::string_view> values(std::string_view name) const;

  Iterator begin() const { return Iterator(memory_.data()); }
  Iterator end() const { return Iterator(memory_.data() + memory_.size()); }
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }

  bool operator==(const Headers&) const = default;

 private:
  Headers without(std::string_view name) const;

  std::vector<char> memory_;  // of each field two lengths, the name and the value
  std::size_t count_ = 0;
};

/// Whether two texts are the same when ASCII case is ignored.
UVSPDY_EXPORT bool equals_ignoring_case(std::string_view left, std::string_view right);

/// A text with its ASCII letters in lower case.
UVSPDY_EXPORT std::string to_lower(std::string_view text);

}  // namespace uvspdy
