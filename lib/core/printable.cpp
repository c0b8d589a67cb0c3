#include "uvspdy/printable.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "core/control_character.h"
#include "core/utf8_piece.h"

namespace uvspdy {
namespace {

constexpr std::string_view kCut = "...";

// The code point of a character of UTF-8.
std::uint32_t code_point(std::string_view character) {
  constexpr std::array<std::uint8_t, 5> kOfFirstByte = {0, 0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t code = static_cast<std::uint8_t>(character[0]) & kOfFirstByte[character.size()];
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<std::uint8_t>(c) & 0x3f);
  return code;
}

// U+0080 to U+009F. Terminals obey some of them, as they do escape sequences.
bool is_8_bit_control(std::uint32_t code) { return code >= 0x80 && code <= 0x9f; }

// Unicode 15: Default_Ignorable_Code_Point; the line and the paragraph separator; and the other
// characters of category Cf that leave no mark of their own (U+FFF9 to U+FFFB, U+13430 to U+1343F).
bool is_unseen(std::uint32_t code) {
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  constexpr std::array kRanges = {
      Range{0xad, 0xad},       Range{0x34f, 0x34f},     Range{0x61c, 0x61c},
      Range{0x115f, 0x1160},   Range{0x17b4, 0x17b5},   Range{0x180b, 0x180f},
      Range{0x200b, 0x200f},   Range{0x2028, 0x202e},   Range{0x2060, 0x206f},
      Range{0x3164, 0x3164},   Range{0xfe00, 0xfe0f},   Range{0xfeff, 0xfeff},
      Range{0xffa0, 0xffa0},   Range{0xfff0, 0xfffb},   Range{0x13430, 0x1343f},
      Range{0x1bca0, 0x1bca3}, Range{0x1d173, 0x1d17a}, Range{0xe0000, 0xe0fff},
  };
  return std::any_of(kRanges.begin(), kRanges.end(), [code](const Range& range) {
    return code >= range.first && code <= range.last;
  });
}

std::string number_of(std::uint32_t code) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string digits;
  for (; code != 0 || digits.size() < 4; code >>= 4)
    digits.insert(digits.begin(), kDigits[code & 15]);
  return "<U+" + digits + ">";
}

// Appends the printable form of the first character, or invalid part, of a text.
void append_shown(Utf8Piece piece, std::string_view character, std::string& line) {
  if (!piece.is_character) {
    line += kReplacementCharacter;
  } else if (piece.size == 1) {
    line += is_control(character.front()) ? '?' : character.front();
  } else if (const std::uint32_t code = code_point(character); is_8_bit_control(code)) {
    line += '?';
  } else if (is_unseen(code)) {
    line += number_of(code);
  } else {
    line += character;
  }
}

}  // namespace

std::string printable(std::string_view text, std::size_t most) {
  std::string line;
  std::size_t uncut = 0;  // how much of the line remains if it is cut
  bool space = false;
  while (!text.empty()) {
    const Utf8Piece piece = first_utf8_piece(text);
    const std::string_view character = text.substr(0, piece.size);
    text.remove_prefix(piece.size);
    if (is_space_control(character.front())) {
      space = !line.empty();
      continue;
    }
    if (std::exchange(space, false)) line += ' ';
    append_shown(piece, character, line);
    if (line.size() > most) {
      line.resize(uncut);
      return line.append(kCut.substr(0, most - uncut));
    }
    if (most >= kCut.size() && line.size() <= most - kCut.size()) uncut = line.size();
  }
  return line;
}

}  // namespace uvspdy
