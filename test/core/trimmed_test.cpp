#include "core/trimmed.h"

#include "support/catch.h"

using namespace uvspdy;

TEST_CASE("trimmed: space goes at both ends, and stays inside") {
  CHECK(trimmed("") == "");
  CHECK(trimmed(" \t\r\n ") == "");
  CHECK(trimmed("a") == "a");
  CHECK(trimmed("\r\n a\tb \n") == "a\tb");
  CHECK(trimmed("\n a \n", " ") == "\n a \n");
  CHECK(trimmed(" \na\n ", " ") == "\na\n");
}
