#include "uvspdy/headers.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "core/contract.h"

namespace uvspdy {
namespace {

// std::tolower follows the process's locale; protocol names never do.
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The lengths stored before each field's name.
struct Lengths {
  std::uint32_t name = 0;
  std::uint32_t value = 0;

  static Lengths of(std::string_view name, std::string_view value) {
    constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max();
    if (std::max(name.size(), value.size()) > kMost) {
      contract_broken("Headers::add: a name or a value of 4 GiB or more");
    }
    return {static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(value.size())};
  }

  static Lengths at(const char* memory) {
    Lengths lengths;
    std::memcpy(&lengths, memory, sizeof lengths);
    return lengths;
  }
};

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
  std::size_t text = 0;
  for (const auto& [name, value] : fields) text += name.size() + value.size();
  reserve(fields.size(), text);
  for (const auto& [name, value] : fields) add(name, value);
}

Headers::Field Headers::Iterator::operator*() const {
  const Lengths lengths = Lengths::at(at_);
  const char* const name = at_ + sizeof(Lengths);
  return {{name, lengths.name}, {name + lengths.name, lengths.value}};
}

Headers::Iterator& Headers::Iterator::operator++() {
  const Lengths lengths = Lengths::at(at_);
  at_ += sizeof(Lengths) + lengths.name + lengths.value;
  return *this;
}

void Headers::reserve(std::size_t fields, std::size_t text) {
  memory_.reserve(fields * sizeof(Lengths) + text);
}

void Headers::add(std::string_view name, std::string_view value) {
  const Lengths lengths = Lengths::of(name, value);
  const std::size_t begin = memory_.size();
  const std::size_t end = begin + sizeof lengths + name.size() + value.size();
  std::vector<char> outgrown;
  if (end > memory_.capacity()) {
    outgrown.reserve(std::max(end, 2 * begin));
    outgrown.insert(outgrown.end(), memory_.begin(), memory_.end());
    outgrown.swap(memory_);  // name and value may be views of the old memory
  }
  memory_.resize(end);
  char* to = memory_.data() + begin;
  std::memcpy(to, &lengths, sizeof lengths);
  to = std::copy(name.begin(), name.end(), to + sizeof lengths);
  std::copy(value.begin(), value.end(), to);
  ++count_;
}

void Headers::set(std::string_view name, std::string_view value) {
  Headers kept = without(name);
  kept.add(name, value);
  *this = std::move(kept);
}

void Headers::remove(std::string_view name) { *this = without(name); }

Headers Headers::without(std::string_view name) const {
  Headers kept;
  kept.memory_.reserve(memory_.size());
  for (const Field& field : *this) {
    if (!equals_ignoring_case(field.name, name)) kept.add(field.name, field.value);
  }
  return kept;
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const Field& field : *this) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::values(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const Field& field : *this) {
    if (equals_ignoring_case(field.name, name)) found.push_back(field.value);
  }
  return found;
}

}  // namespace uvspdy
