#include "uvspdy/error.h"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "support/catch.h"
#include "support/death.h"
#include "uvspdy/printable.h"

using namespace uvspdy;

namespace {

struct Status : ErrorDetail {
  explicit Status(int number) : code(number) {}
  int code;
};

Error failure() {
  return {std::make_error_code(std::errc::timed_out), "stream 5: no answer in 30 s",
          std::make_shared<Status>(403)};
}

Result<std::unique_ptr<int>> boxed(int value) {
  if (value < 0) return failure();
  return std::make_unique<int>(value);
}

}  // namespace

TEST_CASE("Error: a default-constructed one means success") {
  const Error error;
  CHECK_FALSE(static_cast<bool>(error));
  CHECK_FALSE(error.code());
  CHECK(error.message().empty());
  CHECK(error.detail() == nullptr);
}

TEST_CASE("Error: carries a code, a text and a detail") {
  const Error error = failure();
  REQUIRE(static_cast<bool>(error));
  CHECK(error.code() == std::errc::timed_out);
  CHECK(error.message() == "stream 5: no answer in 30 s");
  const auto status = std::dynamic_pointer_cast<const Status>(error.detail());
  REQUIRE(status != nullptr);
  CHECK(status->code == 403);
}

TEST_CASE("Error: its text is one printable line, whatever a peer has said") {
  const auto text_of = [](std::string text) {
    return Error(std::make_error_code(std::errc::io_error), std::move(text)).message();
  };
  CHECK(text_of("the pod said: a\nb\x1b[2J") == "the pod said: a b?[2J");
  CHECK(text_of("no \xe2\x80\xaegnp.exe") == "no <U+202E>gnp.exe");
  const std::string longest = text_of("no container " + std::string(789000, 'x'));
  CHECK(longest.size() == kLongestErrorText);
  CHECK(longest.starts_with("no container xxx"));
  CHECK(longest.ends_with("xxx..."));
}

TEST_CASE("Error: copies share the detail and are equal in all else") {
  const Error error = failure();
  const Error copy = error;
  CHECK(copy.code() == error.code());
  CHECK(copy.message() == error.message());
  CHECK(copy.detail() == error.detail());
}

TEST_CASE("Error: converts to bool only where a condition is asked for") {
  CHECK_FALSE(std::is_convertible_v<Error, bool>);
  CHECK(std::is_constructible_v<bool, Error>);
}

TEST_CASE("Result: a value") {
  Result<std::string> result = std::string("yes");
  REQUIRE(static_cast<bool>(result));
  CHECK(*result == "yes");
  CHECK(result->size() == 3);
  *result += "!";
  const Result<std::string>& constant = result;
  CHECK(*constant == "yes!");
  CHECK(constant->size() == 4);
}

TEST_CASE("Result: an error") {
  const Result<std::string> result = failure();
  REQUIRE_FALSE(static_cast<bool>(result));
  CHECK(result.error().code() == std::errc::timed_out);
  CHECK(result.error().detail() != nullptr);
}

TEST_CASE("Result: a value that can only be moved moves out") {
  for (const int number : {7, -1, 8}) {
    Result<std::unique_ptr<int>> result = boxed(number);
    REQUIRE(static_cast<bool>(result) == (number >= 0));
    if (!result) continue;
    const std::unique_ptr<int> value = *std::move(result);
    REQUIRE(value != nullptr);
    CHECK(*value == number);
  }
}

TEST_CASE("Result: false is a value too") {
  const Result<bool> result = false;
  REQUIRE(static_cast<bool>(result));
  CHECK_FALSE(*result);
}

TEST_CASE("Error: is as small as one pointer") { CHECK(sizeof(Error) == sizeof(void*)); }

TEST_CASE("Error: a code of zero is success") {
  const Error error(std::error_code(), "no text belongs to it");
  CHECK_FALSE(static_cast<bool>(error));
  CHECK(error.message().empty());
}

TEST_CASE("Result: the error of a success is success") {
  const Result<int> result = 5;
  CHECK_FALSE(static_cast<bool>(result.error()));
  CHECK(result.error().message().empty());
  if (Error error = boxed(1).error()) FAIL("an error where there is none");
}

TEST_CASE("Result: a value that is not there ends the process, with the error's text") {
  const std::string text =
      "uvspdy: a Result was used without being asked: stream 5: no answer in 30 s\n";
  CHECK(test::text_of_death([] {
          Result<std::string> result = failure();
          *result += "x";
        }) == text);
  CHECK(test::text_of_death([] {
          const Result<std::string> result = failure();
          if (result->empty()) return;
        }) == text);
  CHECK(test::text_of_death([] {
          if (**boxed(-1) == 0) return;
        }) == text);
}
