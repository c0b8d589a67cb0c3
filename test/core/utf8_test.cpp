#include "uvspdy/utf8.h"

#include "core/utf8_piece.h"
#include "support/awkward_texts.h"
#include "support/catch.h"

using namespace uvspdy;

namespace {

const std::string kBad(kReplacementCharacter);

bool is_valid(std::string_view text) {
  while (!text.empty()) {
    const Utf8Piece piece = first_utf8_piece(text);
    REQUIRE(piece.size > 0);
    REQUIRE(piece.size <= text.size());
    if (!piece.is_character) return false;
    text.remove_prefix(piece.size);
  }
  return true;
}

// As UTF-8 has a code point, or would have it.
std::string encoded(unsigned point) {
  const auto byte = [](unsigned value) { return static_cast<char>(value); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xc0 | point >> 6), byte(0x80 | (point & 0x3f))};
  if (point < 0x10000) {
    return {byte(0xe0 | point >> 12), byte(0x80 | (point >> 6 & 0x3f)),
            byte(0x80 | (point & 0x3f))};
  }
  return {byte(0xf0 | point >> 18), byte(0x80 | (point >> 12 & 0x3f)),
          byte(0x80 | (point >> 6 & 0x3f)), byte(0x80 | (point & 0x3f))};
}

}  // namespace

TEST_CASE("valid_utf8: what is UTF-8 stays, each character of it") {
  CHECK(valid_utf8("").empty());
  const std::string nul("a\0b", 3);
  CHECK(valid_utf8(nul) == nul);
  bool good = true;
  for (unsigned point = 0; point <= 0x10ffff; ++point) {
    const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    const std::string text = encoded(point);
    good = good && (valid_utf8(text) == text) == !is_surrogate;
  }
  CHECK(good);
}

// Tables 3-8 to 3-11 of the Unicode Standard, version 15.
TEST_CASE("valid_utf8: each maximal part that is none becomes one replacement character") {
  const auto times = [](int count) {
    std::string text;
    while (count-- > 0) text += kBad;
    return text;
  };
  CHECK(valid_utf8("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82"
                   "A") == times(8) + "A");
  CHECK(valid_utf8("\xed\xa0\x80\xed\xbf\xbf\xed\xaf"
                   "A") == times(8) + "A");
  CHECK(valid_utf8("\xf4\x91\x92\x93\xff"
                   "A\x80\xbf"
                   "B") == times(5) + "A" + times(2) + "B");
  CHECK(valid_utf8("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
                   "A") == times(4) + "A");
  CHECK(valid_utf8("a\xf0\x9f\x98") == "a" + kBad);
}

TEST_CASE("valid_utf8: whatever comes, valid comes out, and that stays as it is") {
  for (const std::string& text : test::awkward_texts()) {
    CAPTURE(text.substr(0, 20));
    const std::string valid = valid_utf8(text);
    CHECK(is_valid(valid));
    CHECK(valid_utf8(valid) == valid);
    if (is_valid(text)) CHECK(valid == text);
  }
}
