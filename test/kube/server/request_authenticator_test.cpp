#include "uvspdy/kube/server/request_authenticator.h"

#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/temporary_folder.h"
#include "uvspdy/kube/protocol/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::IsSuccess;

namespace {

httpstream::HttpRequest request_with(const std::string& authorization) {
  httpstream::HttpRequest request{"POST", "/", {}};
  if (!authorization.empty()) request.headers.set("Authorization", authorization);
  return request;
}

RequestAuthenticator two_users() {
  auto tokens = parse_token_file("s3cret,alice,1,\"admins,ops\"\nother,bob,2\n", "tokens.csv");
  REQUIRE_THAT(tokens, IsSuccess());
  return RequestAuthenticator(std::move(*tokens));
}

net::TlsInfo with_certificate(bool verified) {
  net::TlsInfo tls;
  tls.peer = net::TlsCertificate{"carol", {"system:masters"}, {}, "CN=carol", verified};
  return tls;
}

}  // namespace

TEST_CASE("a bearer token stands for its user and groups") {
  const RequestAuthenticator authenticator = two_users();
  const auto alice = authenticator.authenticate(request_with("Bearer s3cret"), nullptr);
  REQUIRE_THAT(alice, IsSuccess());
  CHECK(alice->name == "alice");
  CHECK(alice->groups == std::vector<std::string>{"admins", "ops"});

  const auto bob = authenticator.authenticate(request_with("bearer  other "), nullptr);
  REQUIRE_THAT(bob, IsSuccess());
  CHECK(bob->name == "bob");
  CHECK(bob->groups.empty());
}

TEST_CASE("requests of nobody we know are refused, and no token stands in the text") {
  const RequestAuthenticator authenticator = two_users();
  for (const char* authorization :
       {"", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cret1", "Basic s3cret", "s3cret"}) {
    CAPTURE(authorization);
    const auto user = authenticator.authenticate(request_with(authorization), nullptr);
    REQUIRE_FALSE(user);
    CHECK(user.error().code() == Errc::kUnauthorized);
    CHECK(user.error().message().find("s3cre") == std::string::npos);
  }
  CHECK_FALSE(RequestAuthenticator().authenticate(request_with("Bearer "), nullptr));
}

TEST_CASE("a verified client certificate is a user, any other is none") {
  const RequestAuthenticator authenticator;
  const net::TlsInfo good = with_certificate(true);
  const auto carol = authenticator.authenticate(request_with(""), &good);
  REQUIRE_THAT(carol, IsSuccess());
  CHECK(carol->name == "carol");
  CHECK(carol->groups == std::vector<std::string>{"system:masters"});

  const net::TlsInfo unverified = with_certificate(false);
  CHECK_FALSE(authenticator.authenticate(request_with(""), &unverified));
  const net::TlsInfo without;
  CHECK_FALSE(authenticator.authenticate(request_with(""), &without));
}

TEST_CASE("token files: comments, quotes, and what is wrong in which line") {
  const auto tokens =
      parse_token_file("# who may\r\n\r\n\"a,b\",\"x\"\"y\",3 , \" g1 , g2 \"\r\n", "t");
  REQUIRE_THAT(tokens, IsSuccess());
  REQUIRE(tokens->size() == 1);
  CHECK(tokens->front().token == "a,b");
  CHECK(tokens->front().user.name == "x\"y");
  CHECK(tokens->front().user.groups == std::vector<std::string>{"g1", "g2"});

  for (const char* bad :
       {"s3cret\n", "s3cret,alice\n", ",alice,1\n", "s3cret,,1\n", "s3cret,alice,1,\"admins\n"}) {
    CAPTURE(bad);
    const auto none = parse_token_file("good,bob,1\n" + std::string(bad), "tokens.csv");
    REQUIRE_FALSE(none);
    CHECK(none.error().code() == Errc::kBadTokenFile);
    CHECK(none.error().message().starts_with("tokens.csv:2: "));
    CHECK(none.error().message().find("s3cret") == std::string::npos);
  }
  CHECK(parse_token_file("\n# nothing\n", "t").error().code() == Errc::kBadTokenFile);
}

TEST_CASE("an address that has sent too many wrong tokens has to wait") {
  const RequestAuthenticator authenticator({{"s3cret", {"alice", {}}}},
                                           {.burst = 2, .per_minute = 6});
  const auto authenticate = [&](const std::string& authorization) {
    return authenticator.authenticate(
        *httpstream::HttpExchange::create(nullptr, request_with(authorization)));
  };
  // Right tokens, and none, cost nothing.
  for (int i = 0; i < 5; ++i) {
    CHECK_THAT(authenticate("Bearer s3cret"), IsSuccess());
    CHECK(authenticate("").error().code() == Errc::kUnauthorized);
  }
  for (int i = 0; i < 2; ++i) {
    CHECK(authenticate("Bearer wrong").error().code() == Errc::kUnauthorized);
  }
  for (const char* token : {"Bearer wrong", "Bearer s3cret"}) {
    const auto refused = authenticate(token);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Errc::kTooManyRequests);
    const auto response = authenticator.response_for(refused.error());
    CHECK(response.status == 429);
    CHECK(response.headers.get("Retry-After") == "10");
  }
  const auto nobody = authenticate("");
  CHECK(nobody.error().code() == Errc::kUnauthorized);
  CHECK(authenticator.response_for(nobody.error()).status == 401);
}

TEST_CASE("a token file that cannot be read is an error with its name and the reason") {
  const test::TemporaryFolder folder;
  const std::string missing = folder.path("tokens.csv");
  const std::string large = folder.write("large.csv", std::string(1024 * 1024 + 1, '#'));
  const std::string largest =
      folder.write("largest.csv", std::string(1024 * 1024 - 7, '#') + "\nt,u,1\n");
  for (const auto& [path, reason] :
       {std::pair(missing, "no such file or directory (ENOENT)"),
        std::pair(folder.path(""), "illegal operation on a directory (EISDIR)"),
        std::pair(large, "it is larger than 1048576 bytes")}) {
    const auto tokens = read_token_file(path);
    REQUIRE_FALSE(tokens);
    CHECK(tokens.error().code() == Errc::kBadTokenFile);
    CHECK(tokens.error().message() == "token file: read " + path + ": " + reason);
  }
  const auto tokens = read_token_file(largest);
  REQUIRE_THAT(tokens, IsSuccess());
  CHECK(tokens->front().user.name == "u");
}
