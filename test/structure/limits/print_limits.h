#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <type_traits>

#include "uvspdy/limits.h"

// For the program that make_print_limits.py writes. The program declares show_fields for each
// struct before it includes this file.

template <typename T>
constexpr bool kIsDuration = false;
template <typename Number, typename Period>
constexpr bool kIsDuration<std::chrono::duration<Number, Period>> = true;

inline std::string text_of(const uvspdy::Rate& rate) {
  return std::to_string(rate.per_second) + "/s " + std::to_string(rate.burst);
}

template <typename T>
std::string text_of(const T& value) {
  if constexpr (!kIsDuration<T>) {
    return std::to_string(value);
  } else if (value == T::max()) {
    return "none";
  } else {
    const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
    return std::to_string(count) + " ms";
  }
}

/// Prints a limit with its default: a number, a time ("30000 ms") or a rate ("20000/s 40000"). Of a
/// struct inside a struct of options: the limits that differ from `usual`, or from the struct's own
/// defaults. Truth values, choices, handlers and other objects are no limits.
template <typename T>
void show(const std::string& name, const T& value, const T* usual) {
  if constexpr (requires { show_fields(name, value, usual); }) {
    const T standard{};
    show_fields(name + ".", value, usual == nullptr ? &standard : usual);
  } else if constexpr (std::is_same_v<T, uvspdy::Rate> || kIsDuration<T> ||
                       (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)) {
    const std::string text = text_of(value);
    if (usual == nullptr || text_of(*usual) != text) {
      std::printf("%s %s\n", name.c_str(), text.c_str());
    }
  } else {
    static_assert(std::is_same_v<T, bool> || std::is_enum_v<T> || std::is_class_v<T>,
                  "whether a field of this type is a limit is not known here");
  }
}
