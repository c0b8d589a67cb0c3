#include "kube/base64.h"

#include <cstddef>
#include <cstdint>

namespace uvspdy::kube {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr int kBitsPerDigit = 6;
constexpr std::size_t kDigitsPerGroup = 4;

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<std::uint8_t>(c);
    for (count += 8; count >= kBitsPerDigit;) {
      count -= kBitsPerDigit;
      text += kAlphabet[bits >> count & 63];
    }
  }
  if (count > 0) text += kAlphabet[bits << (kBitsPerDigit - count) & 63];
  while (text.size() % kDigitsPerGroup != 0) text += '=';
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    ++digits;
    if (c == '=') {
      ++padding;
      continue;
    }
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos || padding > 0) return std::nullopt;
    bits = bits << kBitsPerDigit | static_cast<std::uint32_t>(digit);
    count += kBitsPerDigit;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 255);
    }
  }
  // The padding must be what the bits that are left ask for.
  if (digits % kDigitsPerGroup != 0 || padding > 2 || static_cast<int>(padding) * 2 != count)
    return std::nullopt;
  return bytes;
}

}  // namespace uvspdy::kube
