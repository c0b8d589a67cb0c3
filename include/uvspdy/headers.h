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

/// An ordered list of header fields, for both HTTP heads and SPDY header blocks.
///
/// A name may occur several times and keeps its letter case, but names are compared without regard
/// to ASCII case. The SPDY encoder converts names to lower case and joins the values of one name by
/// NUL (section 2.6.10).
///
/// All fields are stored in one piece of memory, one after another. Views of names and values, and
/// iterators, are valid until the Headers change.
class UVSPDY_EXPORT Headers {
 public:
  struct Field {
    std::string_view name{};
    std::string_view value{};
    bool operator==(const Field&) const = default;
  };

  /// Iterates over the fields in order: `for (const auto& [name, value] : headers)`.
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

  /// Allocates memory for `fields` fields whose names and values are `text` bytes long in all.
  void reserve(std::size_t fields, std::size_t text);

  /// Appends a field. The name and the value must each be shorter than 4 GiB.
  void add(std::string_view name, std::string_view value);

  /// Replaces all fields of that name by one, which is the last of the list.
  void set(std::string_view name, std::string_view value);

  /// Removes all fields of that name.
  void remove(std::string_view name);

  /// The first value of that name; nothing if there is none.
  std::optional<std::string_view> get(std::string_view name) const;

  /// All values of that name, in order.
  std::vector<std::string_view> values(std::string_view name) const;

  Iterator begin() const { return Iterator(memory_.data()); }
  Iterator end() const { return Iterator(memory_.data() + memory_.size()); }
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }

  bool operator==(const Headers&) const = default;

 private:
  Headers without(std::string_view name) const;

  std::vector<char> memory_;  // for each field: two lengths, the name, the value
  std::size_t count_ = 0;
};

/// Whether two texts are equal when ASCII case is ignored.
UVSPDY_EXPORT bool equals_ignoring_case(std::string_view left, std::string_view right);

/// A text with its ASCII letters in lower case.
UVSPDY_EXPORT std::string to_lower(std::string_view text);

}  // namespace uvspdy
