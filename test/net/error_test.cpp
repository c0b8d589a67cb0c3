#include "uvspdy/net/error.h"

#include <uv.h>

#include "support/catch.h"

using namespace uvspdy;

TEST_CASE("net errors name their category, and libuv's name the call and the number") {
  const std::error_code bad = net::Errc::kBadAddress;
  CHECK(bad.category() == net::category());
  CHECK(std::string(bad.category().name()) == "uvspdy.net");
  CHECK(bad.message() == "bad address");
  CHECK(make_error_code(net::Errc::kTimeout).message() == "timed out");

  const Error refused = net::uv_error(UV_ECONNREFUSED, "connect to 127.0.0.1:1");
  CHECK(refused);
  CHECK(refused.code() == std::error_code(UV_ECONNREFUSED, net::uv_category()));
  CHECK(std::string(refused.code().category().name()) == "libuv");
  CHECK(refused.message() == "connect to 127.0.0.1:1: connection refused (ECONNREFUSED)");
}
