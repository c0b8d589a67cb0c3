// Stream ids near their end, 2^31-1 (section 2.3.2).

#include "support/mentions.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;

session::Options from(wire::StreamId first) {
  session::Options options = without_windows();
  options.first_stream_id = first;
  return options;
}

TEST_CASE("streams begin with first_stream_id", "[session][ids]") {
  const auto first_of = [](Role role, wire::StreamId first) {
    session::Options options = from(first);
    options.wait_for_client = false;
    SessionDriver driver(role, options);
    return driver.create();
  };
  CHECK(first_of(Role::kClient, 0) == 1);
  CHECK(first_of(Role::kServer, 0) == 2);
  CHECK(first_of(Role::kClient, 101) == 101);
  CHECK(first_of(Role::kServer, 102) == 102);
  // Of the wrong parity, the next that is right.
  CHECK(first_of(Role::kClient, 102) == 103);
  CHECK(first_of(Role::kServer, 101) == 102);
}

TEST_CASE("used up ids: a clear error, and a graceful end", "[session][ids]") {
  const Role role = GENERATE(Role::kClient, Role::kServer);
  const wire::StreamId last = role == Role::kClient ? 0x7fffffff : 0x7ffffffe;
  session::Options options = from(last - 2);
  options.wait_for_client = false;
  SessionDriver driver(role, options);
  CHECK(driver.create_accepted() == last - 2);
  CHECK(driver.create_accepted() == last);

  const auto none = driver.session.create_stream({}, {}, driver.clock.now());
  REQUIRE_FALSE(none);
  CHECK(error_text(none.error()) == "kIdsExhausted");
  CHECK(mentions(none.error().message(), {"2^31-1"}));
  CHECK(driver.session.is_open());
  const auto again = driver.session.create_stream({}, {}, driver.clock.now());
  REQUIRE_FALSE(again);
  CHECK(error_text(again.error()) == "kConnectionClosed");

  // The streams that are open finish.
  driver.write(last, "the last");
  const std::string number = std::to_string(last);
  CHECK(driver.sent() == Lines{"DATA " + number + " 'the last'"});
  for (const wire::StreamId id : {last - 2, last}) {
    CHECK(driver.session.is_open());
    driver.session.end(id);
    driver.receive_data(id, "", true);
    driver.sent();
    CHECK(driver.told().back() == "on_stream_closed " + std::to_string(id) + " ok");
  }
  CHECK_FALSE(driver.session.is_open());
  CHECK(driver.sent() == Lines{"GOAWAY 0 OK"});
  CHECK(driver.session.finished());
}

TEST_CASE("a peer may use the last of its ids", "[session][ids]") {
  SessionDriver server(Role::kServer);
  server.accept({.stream_id = 0x7fffffff});
  server.receive_data(0x7fffffff, "x");
  CHECK(server.told() == Lines{"on_data 2147483647 'x'"});
  server.receive(wire::SynStreamFrame{.stream_id = 1});
  CHECK(error_text(server.session.error()) == "kProtocolError");
}

}  // namespace
}  // namespace uvspdy::test
