#include "uvspdy/printable.h"

#include <utility>

#include "core/control_character.h"
#include "core/utf8_piece.h"

namespace uvspdy {
namespace {

constexpr std::string_view kCut = "...";

// U+0080 to U+009F. Terminals obey some of them, as they do escape sequences.
bool is_8_bit_control(std::string_view character) {
  return character.size() == 2 && character[0] == '\xc2' && character[1] <= '\x9f';
}

// The printable form of the first character, or invalid part, of a text.
std::string_view shown(Utf8Piece piece, std::string_view character) {
  if (!piece.is_character) return kReplacementCharacter;
  return is_control(character.front()) || is_8_bit_control(character) ? "?" : character;
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
    line += shown(piece, character);
    if (line.size() > most) {
      line.resize(uncut);
      return line.append(kCut.substr(0, most - uncut));
    }
    if (most >= kCut.size() && line.size() <= most - kCut.size()) uncut = line.size();
  }
  return line;
}

}  // namespace uvspdy
