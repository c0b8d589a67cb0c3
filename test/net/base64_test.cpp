#include "net/base64.h"

#include <string>
#include <utility>

#include "support/catch.h"

using namespace uvspdy;
using net::base64_decode;
using net::base64_encode;

TEST_CASE("base64: bytes to text and back") {
  for (const auto& [bytes, text] :
       {std::pair("", ""), std::pair("f", "Zg=="), std::pair("fo", "Zm8="),
        std::pair("foo", "Zm9v"), std::pair("foob", "Zm9vYg=="), std::pair("\xff\xfe", "//4=")}) {
    CHECK(base64_encode(bytes) == text);
    CHECK(base64_decode(text) == bytes);
  }
  CHECK(base64_decode("Zm9v\r\nYg==\n") == "foob");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (std::size_t size = 0; size <= all.size(); ++size) {
    CHECK(base64_decode(base64_encode(all.substr(0, size))) == all.substr(0, size));
  }
}

TEST_CASE("base64: what no encoder writes is refused") {
  for (const std::string text : {"Z",    "Zg",       "Zg=",        "Zg===",         "=",
                                 "==",   "====",     "Z===",       "Zm9v=",         "Zg==Zg==",
                                 "Z g=", "Zm9v-_==", " Zm9v",      "Zm9v ",         "Zm9v-",
                                 "    ", "Zm9v----", "-===",       "   =",          "Zm=v",
                                 "Zh==", "Zm9=",     "Zm9v\tZm9v", "Zm9v\xc3\xa4=="}) {
    INFO(text);
    CHECK_FALSE(base64_decode(text));
  }
  CHECK_FALSE(base64_decode(std::string("Zm9\0", 4)));
}
