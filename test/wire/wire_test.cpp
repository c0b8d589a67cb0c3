#include "support/catch.h"

TEST_CASE("starts") { CHECK(true); }
