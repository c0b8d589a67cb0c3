#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// Views of bytes, and the project's only casts between byte types: all other files use the
// functions below, so that every place where memory is seen as another type is in this file.

// NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast)
namespace uvspdy {

/// A read-only view of bytes that somebody else owns. Each function that takes or returns Bytes
/// says how long they must stay, or do stay, valid.
using Bytes = std::span<const std::uint8_t>;

/// A writable view of bytes that somebody else owns.
using MutableBytes = std::span<std::uint8_t>;

/// The bytes of a text, as a view.
inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Bytes as text, as a view; any encoding.
inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Characters filled in by a C interface, as a view of bytes.
inline Bytes bytes_of(const char* data, std::size_t size) {
  return {reinterpret_cast<const std::uint8_t*>(data), size};
}

/// The start of a view, for C interfaces that take `char*` but only read from it.
inline char* char_pointer(Bytes bytes) {
  return const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
}

/// The start of a writable view, for C interfaces that fill `char*`.
inline char* char_pointer(MutableBytes bytes) { return reinterpret_cast<char*>(bytes.data()); }

}  // namespace uvspdy
// NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
