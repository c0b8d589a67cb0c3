#include "uvspdy/headers.h"

#include <algorithm>
#include <utility>

namespace uvspdy {
namespace {

// std::tolower follows the process's locale; protocol names never do.
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string to_lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

Headers::Headers(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  reserve(fields.size());
  for (const auto& [name, value] : fields) add(name, value);
}

void Headers::add(std::string_view name, std::string_view value) {
  fields_.push_back({std::string(name), std::string(value)});
}

void Headers::set(std::string_view name, std::string_view value) {
  Field field{std::string(name), std::string(value)};  // they may be views of what is removed
  remove(field.name);
  fields_.push_back(std::move(field));
}

void Headers::remove(std::string_view name) {
  const std::string removed(name);  // it may be a view of a field that is removed
  std::erase_if(fields_, [&removed](const Field& field) {
    return equals_ignoring_case(field.name, removed);
  });
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const Field& field : fields_) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::values(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const Field& field : fields_) {
    if (equals_ignoring_case(field.name, name)) found.emplace_back(field.value);
  }
  return found;
}

}  // namespace uvspdy
