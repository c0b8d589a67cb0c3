// The error codes of the floor.

#include "uvspdy/session/error.h"

#include <set>
#include <string>

#include "support/catch.h"
#include "uvspdy/error.h"

namespace uvspdy::test {
namespace {

using session::Errc;

TEST_CASE("every code has a text of its own", "[session][error]") {
  CHECK(std::string(session::category().name()) == "uvspdy.session");
  std::set<std::string> texts;
  for (int code = static_cast<int>(Errc::kProtocolError);
       code <= static_cast<int>(Errc::kBadSettings); ++code) {
    const std::string text = session::category().message(code);
    INFO(code << ": " << text);
    CHECK_FALSE(text.empty());
    CHECK(text.find("unknown") == std::string::npos);
    CHECK(texts.insert(text).second);
  }
  CHECK(session::category().message(4711).find("unknown") != std::string::npos);
}

TEST_CASE("a code compares with the enum and makes an Error fail", "[session][error]") {
  const std::error_code code = Errc::kStreamReset;
  CHECK(code == Errc::kStreamReset);
  CHECK(code != Errc::kStreamRefused);
  CHECK(code.category() == session::category());
  CHECK(Error(Errc::kStreamReset, "reset"));
}

}  // namespace
}  // namespace uvspdy::test
