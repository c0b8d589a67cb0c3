#include "uvspdy/headers.h"

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"

using namespace uvspdy;

using Values = std::vector<std::string_view>;

TEST_CASE("Headers: nothing in it at first") {
  const Headers headers;
  CHECK(headers.empty());
  CHECK(headers.begin() == headers.end());
  CHECK_FALSE(headers.get("a").has_value());
  CHECK(headers.values("a").empty());
}

TEST_CASE("Headers: fields keep their order and their letters") {
  Headers headers{{"Zeta", "1"}, {"alpha", "2"}};
  headers.add("ZETA", "3");
  REQUIRE(headers.size() == 3);
  CHECK_FALSE(headers.empty());
  CHECK(std::vector<Headers::Field>(headers.begin(), headers.end()) ==
        std::vector<Headers::Field>{{"Zeta", "1"}, {"alpha", "2"}, {"ZETA", "3"}});
}

TEST_CASE("Headers: names compare without case, values with it") {
  const Headers headers{{"StreamType", "Error"}};
  CHECK(headers.get("streamtype") == "Error");
  CHECK(headers.get("STREAMTYPE") == "Error");
  CHECK_FALSE(headers.get("streamtyp").has_value());
  CHECK_FALSE(headers.get("streamtypes").has_value());
  CHECK_FALSE(headers.get("").has_value());
}

TEST_CASE("Headers: get gives the first value, values all in order") {
  const Headers headers{{"a", "1"}, {"b", "x"}, {"A", "2"}, {"a", ""}};
  CHECK(headers.get("a") == "1");
  CHECK(headers.values("A") == Values{"1", "2", ""});
  CHECK(headers.values("b") == Values{"x"});
}

TEST_CASE("Headers: an empty value is a value") {
  const Headers headers{{"a", ""}};
  REQUIRE(headers.get("a").has_value());
  CHECK(headers.get("a")->empty());
}

TEST_CASE("Headers: set leaves one field of the name and no other touched") {
  Headers headers{{"a", "1"}, {"b", "2"}, {"A", "3"}, {"c", "4"}};
  headers.set("a", "new");
  CHECK(headers.values("a") == Values{"new"});
  CHECK(headers.size() == 3);
  CHECK(headers.get("b") == "2");
  CHECK(headers.get("c") == "4");

  headers.set("d", "5");
  CHECK(headers.get("d") == "5");
  CHECK(headers.size() == 4);
}

TEST_CASE("Headers: remove takes every field of the name") {
  Headers headers{{"a", "1"}, {"b", "2"}, {"A", "3"}};
  headers.remove("A");
  CHECK(headers == Headers{{"b", "2"}});
  headers.remove("nobody");
  CHECK(headers == Headers{{"b", "2"}});
  headers.remove("b");
  CHECK(headers.empty());
}

TEST_CASE("Headers: remove takes a name out of the headers themselves") {
  Headers headers{{"a", "1"}, {"b", "2"}, {"b", "3"}};
  headers.remove((*headers.begin()).name);
  CHECK(headers == Headers{{"b", "2"}, {"b", "3"}});
}

TEST_CASE("Headers: set takes a value out of the headers themselves") {
  Headers headers{{"a", "1"}, {"b", "2"}};
  headers.set("a", *headers.get("b"));
  CHECK(headers.values("a") == Values{"2"});
  CHECK(headers.values("b") == Values{"2"});
}

TEST_CASE("Headers: add takes a field out of the headers themselves") {
  Headers headers{{"name", std::string(100, 'v')}};
  for (int i = 0; i < 20; ++i) {
    const Headers::Field first = *headers.begin();
    headers.add(first.name, first.value);
  }
  REQUIRE(headers.size() == 21);
  for (const Headers::Field& field : headers) {
    CHECK(field == Headers::Field{"name", std::string(100, 'v')});
  }
}

TEST_CASE("Headers: equal means the same fields in the same order") {
  const Headers headers{{"a", "1"}, {"b", "2"}};
  CHECK(headers == Headers{{"a", "1"}, {"b", "2"}});
  CHECK_FALSE(headers == Headers{{"b", "2"}, {"a", "1"}});
  CHECK_FALSE(headers == Headers{{"A", "1"}, {"b", "2"}});
  CHECK_FALSE(headers == Headers{{"a", "1"}});
}

TEST_CASE("Headers: a value may hold any byte") {
  Headers headers;
  const std::string value("\0\xff\r\n", 4);
  headers.add("a", value);
  CHECK(headers.get("a") == value);
}

TEST_CASE("ASCII case: only the 26 letters have one") {
  CHECK(equals_ignoring_case("", ""));
  CHECK(equals_ignoring_case("Content-Type", "cONTENT-tYPE"));
  CHECK_FALSE(equals_ignoring_case("a", "ab"));
  CHECK_FALSE(equals_ignoring_case("ab", "a"));
  // The neighbours of the letters, 32 apart like them.
  CHECK_FALSE(equals_ignoring_case("@", "`"));
  CHECK_FALSE(equals_ignoring_case("[", "{"));
  CHECK_FALSE(equals_ignoring_case("\xc4", "\xe4"));

  CHECK(to_lower("") == "");
  CHECK(to_lower("AZaz09@[`{\xc4") == "azaz09@[`{\xc4");
}
