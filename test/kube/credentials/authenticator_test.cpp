#include "uvspdy/kube/credentials/authenticator.h"

#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "support/catch.h"
#include "support/mentions.h"
#include "support/temporary_folder.h"
#include "support/test_loop.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/net/error.h"

namespace uvspdy::kube {
namespace {

using test::IsSuccess;
using test::mentions;
using test::TemporaryFolder;
using test::TestLoop;

Result<Authentication> authenticate(TestLoop& loop, const Credentials& credentials) {
  ClientConfig config;
  config.credentials = credentials;
  Authenticator authenticator(loop.get(), config);
  std::optional<Result<Authentication>> result;
  authenticator.authenticate([&result](Result<Authentication> outcome) {
    CHECK_FALSE(result);
    result = std::move(outcome);
  });
  CHECK_FALSE(result);  // not inside the call
  REQUIRE(loop.run_out());
  REQUIRE(result);
  return *result;
}

TEST_CASE("nothing to show is nothing to send", "[authenticator]") {
  TestLoop loop;
  const Result<Authentication> result = authenticate(loop, {});
  REQUIRE_THAT(result, IsSuccess());
  CHECK(result->headers.empty());
  CHECK_FALSE(result->key_pair);
}

TEST_CASE("the handler may be nobody, and may own what can only be moved", "[authenticator]") {
  TestLoop loop;
  Authenticator authenticator(loop.get(), {});
  authenticator.authenticate({});
  const net::Attempt given_up = authenticator.authenticate({});
  given_up.cancel();
  int seen = 0;
  authenticator.authenticate(
      [&seen, owned = std::make_unique<int>(7)](const Result<Authentication>&) { seen = *owned; });
  REQUIRE(loop.run_out());
  CHECK(seen == 7);
}

TEST_CASE("tokens, and user names with passwords", "[authenticator]") {
  TestLoop loop;
  const Result<Authentication> token = authenticate(loop, {.token = "abc"});
  REQUIRE_THAT(token, IsSuccess());
  CHECK(token->headers == Headers{{"Authorization", "Bearer abc"}});
  const Result<Authentication> basic =
      authenticate(loop, {.username = "Aladdin", .password = "open sesame"});
  REQUIRE_THAT(basic, IsSuccess());
  CHECK(basic->headers == Headers{{"Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}});
}

TEST_CASE("a token file is read for each dial", "[authenticator]") {
  const TemporaryFolder folder;
  TestLoop loop;
  ClientConfig config;
  config.credentials.token = "spare";
  config.credentials.token_file = folder.write("token", "  one\n");
  Authenticator authenticator(loop.get(), config);
  std::string header;
  const auto ask = [&] {
    authenticator.authenticate([&header](const Result<Authentication>& result) {
      CHECK_THAT(result, IsSuccess());
      if (result) header = result->headers.get("authorization").value_or("");
    });
    return loop.run_out();
  };
  REQUIRE(ask());
  CHECK(header == "Bearer one");
  folder.write("token", "two");
  REQUIRE(ask());
  CHECK(header == "Bearer two");
  std::filesystem::remove(config.credentials.token_file);
  REQUIRE(ask());
  CHECK(header == "Bearer spare");
}

TEST_CASE("token files that give no token", "[authenticator]") {
  const TemporaryFolder folder;
  TestLoop loop;
  const auto check_error = [&loop](const std::string& file, const std::string& part) {
    const Result<Authentication> result = authenticate(loop, {.token_file = file});
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == Errc::kCredentials);
    CHECK(mentions(result.error().message(), {"token file", file, part}));
  };
  check_error(folder.path("none"), "no such file");
  check_error(folder.write("empty", " \n"), "is empty");
  check_error(folder.write("large", std::string(100'000, 'x')), "larger than 65536 bytes");
  const std::string pipe = folder.path("pipe");  // it must not be waited for
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  check_error(pipe, "is empty");
}

TEST_CASE("values that would break the request are refused", "[authenticator]") {
  TestLoop loop;
  for (const Credentials& credentials :
       {Credentials{.token = "a\r\nX: y"}, Credentials{.impersonate = {.user = "a\nb"}}}) {
    const Result<Authentication> result = authenticate(loop, credentials);
    REQUIRE_FALSE(result);
    CHECK(result.error().code() == Errc::kCredentials);
    CHECK(mentions(result.error().message(), {"control character"}));
  }
}

TEST_CASE("acting as somebody else is asked for with headers", "[authenticator]") {
  TestLoop loop;
  const Result<Authentication> result =
      authenticate(loop, {.token = "t",
                          .impersonate = {.user = "jane",
                                          .uid = "7",
                                          .groups = {"a", "b"},
                                          .extra = {{"example.com/x", {"1", "2"}}}}});
  REQUIRE_THAT(result, IsSuccess());
  CHECK(result->headers == Headers{{"Authorization", "Bearer t"},
                                   {"Impersonate-User", "jane"},
                                   {"Impersonate-Uid", "7"},
                                   {"Impersonate-Group", "a"},
                                   {"Impersonate-Group", "b"},
                                   {"Impersonate-Extra-example.com%2Fx", "1"},
                                   {"Impersonate-Extra-example.com%2Fx", "2"}});
}

TEST_CASE("an authentication can be given up", "[authenticator]") {
  TestLoop loop;
  ClientConfig config;
  config.credentials.token = "t";
  auto authenticator = std::make_unique<Authenticator>(loop.get(), config);
  int calls = 0;
  const net::Attempt attempt =
      authenticator->authenticate([&](const Result<Authentication>& result) {
        ++calls;
        CHECK_FALSE(result);
        if (!result) {
          CHECK(result.error().code() == std::error_code(UV_ECANCELED, net::uv_category()));
        }
      });
  attempt.cancel();
  attempt.cancel();
  CHECK(calls == 0);
  authenticator.reset();
  REQUIRE(loop.run_out());
  CHECK(calls == 1);
  attempt.cancel();
  REQUIRE(loop.run_out());
  CHECK(calls == 1);
}

TEST_CASE("the authenticator may go inside its handler", "[authenticator]") {
  TestLoop loop;
  auto authenticator = std::make_unique<Authenticator>(loop.get(), ClientConfig{});
  bool called = false;
  authenticator->authenticate([&](const Result<Authentication>& result) {
    CHECK_THAT(result, IsSuccess());
    authenticator.reset();
    called = true;
  });
  REQUIRE(loop.run_out());
  CHECK(called);
}

}  // namespace
}  // namespace uvspdy::kube
