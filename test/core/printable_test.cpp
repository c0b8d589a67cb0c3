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
    if (text.compare(i, 3, "\xe2\x80\xa8") == 0) return true;
    if (text.compare(i, 3, "\xef\xbb\xbf") == 0) return true;
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

TEST_CASE("printable: what nobody sees, or what turns text around, is shown as its number") {
  struct Character {
    const char* text;
    const char* shown;
  };
  for (const Character& each : {
           Character{"\xc2\xad", "<U+00AD>"},  // a soft hyphen
           {"\xd8\x9c", "<U+061C>"},           // the Arabic letter mark
           {"\xe1\xa0\x8e", "<U+180E>"},       // the Mongolian vowel separator
           {"\xe2\x80\x8b", "<U+200B>"},       // a space of no width
           {"\xe2\x80\x8d", "<U+200D>"},       // a joiner
           {"\xe2\x80\x8f", "<U+200F>"},       // the right-to-left mark
           {"\xe2\x80\xa8", "<U+2028>"},       // the line separator
           {"\xe2\x80\xa9", "<U+2029>"},       // the paragraph separator
           {"\xe2\x80\xaa", "<U+202A>"},       // embeddings and overrides
           {"\xe2\x80\xae", "<U+202E>"},       //
           {"\xe2\x81\xa0", "<U+2060>"},       // the word joiner
           {"\xe2\x81\xa6", "<U+2066>"},       // isolates
           {"\xe2\x81\xa9", "<U+2069>"},       //
           {"\xe2\x81\xaf", "<U+206F>"},       //
           {"\xe3\x85\xa4", "<U+3164>"},       // a filler
           {"\xef\xb8\x8f", "<U+FE0F>"},       // a variation selector
           {"\xef\xbb\xbf", "<U+FEFF>"},       // a byte order mark
           {"\xef\xbf\xb9", "<U+FFF9>"},       // an annotation's anchor
           {"\xf0\x9d\x85\xb3", "<U+1D173>"},  // a musical beam
           {"\xf3\xa0\x80\x81", "<U+E0001>"},  // a language tag
           {"\xf3\xa0\x81\x81", "<U+E0041>"},  // a tag's letter
           {"\xf3\xa0\x87\xaf", "<U+E01EF>"},  // the last variation selector
       }) {
    CAPTURE(each.shown);
    CHECK(printable(each.text) == each.shown);
    CHECK(printable(std::string("a") + each.text + "b", 20) == std::string("a") + each.shown + "b");
  }
  // Their neighbours stay.
  for (const char* text :
       {"\xc2\xac", "\xc2\xae", "\xe2\x80\x8a", "\xe2\x80\x90", "\xe2\x80\xa7", "\xe2\x80\xaf",
        "\xe2\x81\x9f", "\xe2\x81\xb0", "\xef\xb8\x90", "\xf0\x9d\x85\xb2", "\xf3\xa1\x80\x80"}) {
    CHECK(printable(text) == text);
  }
}

TEST_CASE("printable: a line has an end, whoever has sent it") {
  const std::string line = printable(std::string(1 << 20, 'a'));
  CHECK(line == std::string(kLongestLine - 3, 'a') + "...");
  CHECK(printable("\xe2\x80\xae", 7) == "...");
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
