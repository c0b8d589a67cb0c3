#include "uvspdy/printable.h"

#include <string>

#include "core/utf8_piece.h"
#include "support/awkward_texts.h"
#include "support/catch.h"
#include "uvspdy/utf8.h"

using namespace uvspdy;

namespace {

const std::string kBad(kReplacementCharacter);

/// Whether a terminal obeys something in it, of 7 or of 8 bits.
bool is_obeyed(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    const bool after_c2 = i > 0 && text[i - 1] == '\xc2';
    if (after_c2 && byte >= 0x80 && byte <= 0x9f) return true;
  }
  return valid_utf8(text) != text;
}

}  // namespace

TEST_CASE("printable: text stays, in whatever language") {
  for (const char* text :
       {"", "a", " spaces  stay ", "\xc3\xa9t\xc3\xa9", "\xe6\x97\xa5\xe6\x9c\xac",
        "\xf0\x9f\x98\x80", "\xc2\xa0", "\xef\xbf\xbd", "~", "\\x1b[2J"}) {
    CHECK(printable(text) == text);
  }
}

TEST_CASE("printable: nothing that a terminal obeys stays") {
  CHECK(printable("\x1b[2Jx\x07y\x7f") == "?[2Jx?y?");
  CHECK(printable(std::string("a\0b", 3)) == "a?b");
  // CSI of 8 bits: as UTF-8, and as a byte.
  CHECK(printable("a\xc2\x9b"
                  "2Jb") == "a?2Jb");
  CHECK(printable("a\x9b"
                  "2Jb") == "a" + kBad + "2Jb");
  for (int byte = 0x80; byte <= 0x9f; ++byte) {
    CHECK(printable(std::string("\xc2") + static_cast<char>(byte)) == "?");
    CHECK(printable(std::string(1, static_cast<char>(byte))) == kBad);
  }
}

TEST_CASE("printable: one line, without the space that made it several") {
  CHECK(printable("a\nb") == "a b");
  CHECK(printable("a\r\n\tb\n") == "a b");
  CHECK(printable("\n\n") == "");
  CHECK(printable("\ta\v\f") == "a");
  CHECK(printable("a \n b") == "a   b");
}

TEST_CASE("printable: what is too long is cut between characters") {
  CHECK(printable("abcdef", 6) == "abcdef");
  CHECK(printable("abcdefg", 6) == "abc...");
  CHECK(printable("abcdef\n", 6) == "abcdef");
  CHECK(printable("ab\xc3\xa9xyz", 6) == "ab...");
  CHECK(printable("ab\xc3\xa9xyz", 7) == "ab\xc3\xa9xyz");
  CHECK(printable("abcd", 3) == "...");
  CHECK(printable("abcd", 2) == "..");
  CHECK(printable("abcd", 0) == "");
  CHECK(printable("\xff\xff\xff", 6) == kBad + "...");
}

TEST_CASE("printable: whatever comes, a line comes out, and that stays as it is") {
  for (const std::string& text : test::awkward_texts()) {
    CAPTURE(text.substr(0, 20));
    for (const std::size_t most : {std::string::npos, std::size_t{7}, std::size_t{100}}) {
      const std::string line = printable(text, most);
      CHECK_FALSE(is_obeyed(line));
      CHECK(line.size() <= most);
      CHECK(printable(line, most) == line);
    }
  }
}
