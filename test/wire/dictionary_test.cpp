#include "wire/dictionary.h"

#include <zlib.h>

#include <string_view>

#include "support/catch.h"
#include "uvspdy/bytes.h"

using namespace uvspdy;

TEST_CASE("dictionary: is that of section 2.6.10.1, byte for byte") {
  const Bytes dictionary(wire::kDictionary);
  REQUIRE(dictionary.size() == 1423);
  const auto size = static_cast<uInt>(dictionary.size());
  CHECK(adler32(adler32(0, nullptr, 0), dictionary.data(), size) == 0xe3c6a7c2);
  CHECK(crc32(crc32(0, nullptr, 0), dictionary.data(), size) == 0x04c8490e);
  CHECK(text_of(dictionary).substr(0, 11) == std::string_view("\0\0\0\7options", 11));
  CHECK(text_of(dictionary).substr(1423 - 14) == ",utf-,*,enq=0.");
}
