#include "uvspdy/bytes.h"

#include <string>
#include <vector>

#include "support/catch.h"

using namespace uvspdy;

TEST_CASE("Bytes: a text and its bytes are the same memory") {
  const std::string text("a\0\xff", 3);
  const Bytes bytes = bytes_of(text);
  REQUIRE(bytes.size() == 3);
  CHECK(bytes[0] == 'a');
  CHECK(bytes[1] == 0);
  CHECK(bytes[2] == 0xff);
  CHECK(text_of(bytes) == text);
  CHECK(text_of(bytes).data() == text.data());
  CHECK(char_pointer(bytes) == text.data());
}

TEST_CASE("Bytes: what a C interface filled") {
  char filled[] = {'x', 'y', 'z'};
  const Bytes bytes = bytes_of(filled, 2);
  CHECK(bytes.size() == 2);
  CHECK(text_of(bytes) == "xy");
}

TEST_CASE("Bytes: a writable view can be filled through a char pointer") {
  std::vector<std::uint8_t> memory(2);
  char_pointer(MutableBytes(memory))[1] = '!';
  CHECK(memory == std::vector<std::uint8_t>{0, '!'});
}

TEST_CASE("Bytes: nothing is nothing both ways") {
  CHECK(bytes_of(std::string_view()).empty());
  CHECK(text_of(Bytes()).empty());
}
