#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// Views of bytes, and the project's only casts between byte types: every other file goes through
// the functions below, so that each place where memory is seen as another type is in sight here.

// NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast)
namespace uvspdy {

/// A view of bytes that somebody else owns. Every function that takes or hands out Bytes says how
/// long the view must stay, or stays, valid.
using Bytes = std::span<const std::uint8_t>;

/// A view of bytes that may be written to.
using MutableBytes = std::span<std::uint8_t>;

/// The bytes of a text.
inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Bytes seen as text. No character set is checked.
inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Characters that a C interface filled, seen as bytes.
inline Bytes bytes_of(const char* data, std::size_t size) {
  return {reinterpret_cast<const std::uint8_t*>(data), size};
}

/// The start of a view, for C interfaces that want `char*` but only read from it.
inline char* char_pointer(Bytes bytes) {
  return const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
}

/// The start of a writable view, for C interfaces that fill `char*`.
inline char* char_pointer(MutableBytes bytes) { return reinterpret_cast<char*>(bytes.data()); }

}  // namespace uvspdy
// NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
