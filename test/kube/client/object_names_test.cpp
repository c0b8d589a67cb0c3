// Lists of an API server, of which the names are kept.

#include "uvspdy/kube/client/object_names.h"

#include <string>
#include <vector>

#include "support/catch.h"
#include "support/mentions.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

std::string list_of(const std::string& items) {
  return R"({"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[)" + items + "]}";
}

std::string object_named(const std::string& name) {
  return R"({"metadata":{"name":")" + name + R"(","labels":{"name":"label"}},"spec":{"name":"x"}})";
}

TEST_CASE("parse_object_names: the names of the objects, in their order") {
  const auto list =
      parse_object_names(list_of(object_named("b") + "," + object_named("a") + ",{}"));
  REQUIRE(list);
  CHECK(list->names == std::vector<std::string>{"b", "a"});
  CHECK(list->continue_token.empty());
  const auto page = parse_object_names(
      R"({"items":[{"metadata":{"name":"n"}}],"metadata":{"continue":"more"},"kind":"NamespaceList"})");
  REQUIRE(page);
  CHECK(page->names == std::vector<std::string>{"n"});
  CHECK(page->continue_token == "more");
  const auto empty = parse_object_names(R"({"kind":"PodList","items":null})");
  REQUIRE(empty);
  CHECK(empty->names.empty());
}

TEST_CASE("parse_object_names: anything else is kBadList, and so is too much") {
  const auto error_of = [](const std::string& text) {
    const auto list = parse_object_names(text);
    REQUIRE_FALSE(list);
    CHECK(list.error().code() == Errc::kBadList);
    return list.error().message();
  };
  for (const char* text : {"", "{", "[]", R"({"kind":"Pod"})", R"({"items":[]})", "<html>"}) {
    CAPTURE(text);
    CHECK(test::mentions(error_of(text), {"not a list of objects"}));
  }
  CHECK(test::mentions(error_of(std::string(1 << 20, '[')), {"more than 64 deep"}));
  CHECK(test::mentions(error_of(list_of(object_named(std::string(254, 'n')))),
                       {"254 bytes, and may have 253"}));
  CHECK(parse_object_names(list_of(object_named(std::string(253, 'n')))));
  std::string many = object_named("n");
  for (int i = 1; i < 10'000; ++i) many += "," + object_named("n");
  CHECK(parse_object_names(list_of(many)));
  CHECK(test::mentions(error_of(list_of(many + "," + object_named("n"))),
                       {"more than 10000 objects"}));
  CHECK(test::mentions(
      error_of(R"({"kind":"PodList","metadata":{"continue":")" + std::string(4097, 'c') + R"("}})"),
      {"metadata.continue has 4097 bytes"}));
}

}  // namespace
}  // namespace uvspdy::kube
