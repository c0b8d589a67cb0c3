#include "uvspdy/utf8.h"

#include <cstdint>

#include "core/utf8_piece.h"

namespace uvspdy {
namespace {

/// The meaning of a first byte: how many bytes follow, and the range of the second one.
struct Promise {
  std::size_t follow = 0;
  std::uint8_t low = 0x80;
  std::uint8_t high = 0xbf;
};

// Overlong forms, surrogates and code points beyond U+10FFFF are not valid.
bool promise_of(std::uint8_t first, Promise& promise) {
  if (first < 0x80) promise = {0};
  if (first >= 0xc2 && first <= 0xdf) promise = {1};
  if (first >= 0xe0 && first <= 0xef) promise = {2};
  if (first >= 0xf0 && first <= 0xf4) promise = {3};
  if (first == 0xe0) promise.low = 0xa0;
  if (first == 0xed) promise.high = 0x9f;
  if (first == 0xf0) promise.low = 0x90;
  if (first == 0xf4) promise.high = 0x8f;
  return first < 0x80 || (first >= 0xc2 && first <= 0xf4);
}

}  // namespace

Utf8Piece first_utf8_piece(std::string_view text) {
  const auto byte = [text](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  if (text.empty()) return {};
  Promise promise;
  if (!promise_of(byte(0), promise)) return {1, false};
  std::size_t size = 1;
  while (size <= promise.follow) {
    if (size == text.size() || byte(size) < promise.low || byte(size) > promise.high) {
      return {size, false};
    }
    promise.low = 0x80;
    promise.high = 0xbf;
    ++size;
  }
  return {size, true};
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const Utf8Piece piece = first_utf8_piece(text);
    valid += piece.is_character ? text.substr(0, piece.size) : kReplacementCharacter;
    text.remove_prefix(piece.size);
  }
  return valid;
}

}  // namespace uvspdy
