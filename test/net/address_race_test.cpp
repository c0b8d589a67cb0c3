// RFC 8305: which address is tried when, and who wins.

#include "net/address_race.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/address.h"
#include "net/tcp_connector.h"
#include "support/full_listener.h"
#include "support/mentions.h"
#include "support/outside_calls.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/tcp.h"

using namespace uvspdy;
using net::AddressRace;
using net::Listener;
using test::FullListener;
using test::IsSuccess;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

using Winner = Result<std::unique_ptr<net::StreamTransport>>;
using Addresses = std::vector<sockaddr_storage>;

sockaddr_storage address(const std::string& text, std::uint16_t port) {
  const auto parsed = net::parse_address(text, port);
  REQUIRE(parsed);
  return *parsed;
}

std::string listed(const Addresses& addresses) {
  std::string text;
  for (const auto& one : addresses) text += (text.empty() ? "" : " ") + net::to_string(one);
  return text;
}

/// A race, and what has come of it.
struct Race {
  std::optional<Winner> result;
  int calls = 0;
  test::OutsideCalls outside;
  std::optional<AddressRace> race;

  Race(TestLoop& loop, Addresses addresses, std::chrono::milliseconds delay) {
    outside.during([&] {
      race.emplace(loop.get(), "target:1", std::move(addresses), delay, [this](Winner winner) {
        CHECK(outside.holds());
        ++calls;
        result = std::move(winner);
        race.reset();
      });
      race->start();
    });
    CHECK(calls == 0);
  }
};

}  // namespace

TEST_CASE("interleave_families: the first one's family first, then in turn, each in its order") {
  const auto four = [](int i) { return address("10.0.0." + std::to_string(i), 1); };
  const auto six = [](int i) { return address("fd00::" + std::to_string(i), 1); };
  CHECK(listed(net::interleave_families({})).empty());
  CHECK(listed(net::interleave_families({four(1)})) == "10.0.0.1:1");
  CHECK(listed(net::interleave_families({six(1), six(2), six(3), four(1), four(2)})) ==
        "[fd00::1]:1 10.0.0.1:1 [fd00::2]:1 10.0.0.2:1 [fd00::3]:1");
  CHECK(listed(net::interleave_families({four(1), six(1), six(2), six(3)})) ==
        "10.0.0.1:1 [fd00::1]:1 [fd00::2]:1 [fd00::3]:1");
  CHECK(listed(net::interleave_families({four(2), four(1)})) == "10.0.0.2:1 10.0.0.1:1");
}

TEST_CASE("AddressRace: the first address wins when it answers, and no other is tried") {
  TestLoop loop;
  int accepted = 0;
  int others = 0;
  const auto first = Listener::listen_tcp(loop.get(), "127.0.0.1", 0, [&](auto) { ++accepted; });
  const auto second = Listener::listen_tcp(loop.get(), "127.0.0.1", 0, [&](auto) { ++others; });
  REQUIRE_THAT(first, IsSuccess());
  REQUIRE_THAT(second, IsSuccess());
  Race race(loop, {address("127.0.0.1", (*first)->port()), address("127.0.0.1", (*second)->port())},
            test::kDeadline);
  REQUIRE(loop.run_until([&] { return race.calls > 0 && accepted == 1; }));
  REQUIRE_THAT(*race.result, IsSuccess());
  CHECK((**race.result)->peer() == (*first)->address());
  race.result.reset();
  (*first)->close();
  (*second)->close();
  REQUIRE(loop.run_out());
  CHECK(race.calls == 1);
  CHECK(others == 0);
}

TEST_CASE("AddressRace: a failure makes room for the next at once") {
  TestLoop loop;
  const auto listener = Listener::listen_tcp(loop.get(), "127.0.0.1", 0, [](auto) {});
  REQUIRE_THAT(listener, IsSuccess());
  // 255.255.255.255 is refused by connect(2) itself, the closed port by the peer. Were the delay
  // waited for, the test would not end in time.
  Race race(
      loop,
      {address("127.0.0.1", test::closed_port(loop)), address("255.255.255.255", 1),
       address("127.0.0.1", test::closed_port(loop)), address("127.0.0.1", (*listener)->port())},
      1h);
  REQUIRE(loop.run_until([&] { return race.calls > 0; }));
  REQUIRE_THAT(*race.result, IsSuccess());
  CHECK((**race.result)->peer() == (*listener)->address());
}

TEST_CASE("AddressRace: one that does not answer is overtaken, and then closed") {
  TestLoop loop;
  const FullListener silent;
  const auto listener = Listener::listen_tcp(loop.get(), "127.0.0.1", 0, [](auto) {});
  REQUIRE_THAT(listener, IsSuccess());
  const auto begin = std::chrono::steady_clock::now();
  Race race(loop, {address("127.0.0.1", silent.port()), address("127.0.0.1", (*listener)->port())},
            60ms);
  REQUIRE(loop.run_until([&] { return race.calls > 0; }));
  CHECK(std::chrono::steady_clock::now() - begin >= 58ms);
  REQUIRE_THAT(*race.result, IsSuccess());
  CHECK((**race.result)->peer() == (*listener)->address());
  race.result.reset();
  (*listener)->close();
  REQUIRE(loop.run_out());  // or the silent one would keep it for minutes
  CHECK(race.calls == 1);
}

TEST_CASE(
    "AddressRace: an earlier address that answers late wins over a later one that is silent") {
  TestLoop loop;
  const FullListener silent;
  auto slow = std::make_optional<FullListener>();
  const std::uint16_t port = slow->port();
  Race race(loop, {address("127.0.0.1", port), address("127.0.0.1", silent.port())}, 10ms);
  loop.run_turns(3);
  REQUIRE(loop.run_until([&] { return race.race->describe().find(';') != std::string::npos; }));
  CHECK(race.calls == 0);
  CHECK(race.race->describe() == "127.0.0.1:" + std::to_string(port) + ": no answer; 127.0.0.1:" +
                                     std::to_string(silent.port()) + ": no answer");
  slow.reset();
  const auto listener = Listener::listen_tcp(loop.get(), "127.0.0.1", port, [](auto) {});
  REQUIRE_THAT(listener, IsSuccess());
  // The kernel tries again after a second.
  REQUIRE(loop.run_until([&] { return race.calls > 0; }));
  REQUIRE_THAT(*race.result, IsSuccess());
  CHECK((**race.result)->peer() == (*listener)->address());
}

TEST_CASE("AddressRace: when all fail the error names each") {
  TestLoop loop;
  const std::uint16_t one = test::closed_port(loop);
  const std::uint16_t two = test::closed_port(loop);
  Race race(loop,
            {address("127.0.0.1", one), address("127.0.0.1", two), address("255.255.255.255", 9)},
            1h);
  REQUIRE(loop.run_until([&] { return race.calls > 0; }));
  REQUIRE_FALSE(*race.result);
  CHECK(race.result->error().code().category() == net::uv_category());
  CHECK(
      test::mentions(race.result->error().message(),
                     {"connect to target:1: ",
                      "127.0.0.1:" + std::to_string(one) + ": connection refused (ECONNREFUSED); ",
                      "127.0.0.1:" + std::to_string(two) + ": connection refused (ECONNREFUSED); ",
                      "255.255.255.255:9: "}));
  REQUIRE(loop.run_out());
  CHECK(race.calls == 1);
}

TEST_CASE("AddressRace: a failure at once is told later") {
  TestLoop loop;
  Race race(loop, {address("255.255.255.255", 9)}, 1h);
  CHECK(race.calls == 0);
  REQUIRE(loop.run_until([&] { return race.calls > 0; }));
  REQUIRE_FALSE(*race.result);
  CHECK(test::mentions(race.result->error().message(), {"connect to target:1: "}));
}

TEST_CASE("AddressRace: destroyed, it tells nobody and leaves nothing") {
  TestLoop loop;
  const FullListener silent;
  const auto listener = Listener::listen_tcp(loop.get(), "127.0.0.1", 0, [](auto) {});
  REQUIRE_THAT(listener, IsSuccess());
  Race race(loop, {address("127.0.0.1", silent.port()), address("127.0.0.1", (*listener)->port())},
            0ms);
  SECTION("before anything has happened") {}
  SECTION("while both are under way") { loop.run_turns(1); }
  if (race.race) race.race.reset();
  const int told = race.calls;
  race.result.reset();
  (*listener)->close();
  REQUIRE(loop.run_out());
  CHECK(race.calls == told);
}

TEST_CASE("connect_tcp: a time limit says what each address has come to") {
  TestLoop loop;
  const FullListener silent;
  const std::uint16_t closed = test::closed_port(loop);
  std::optional<Error> error;
  net::connect_addresses(
      loop.get(), "name:80",
      {address("127.0.0.1", closed), address("127.0.0.1", silent.port()), address("127.0.0.2", 9)},
      1h, 100ms, [&](auto transport) { error = transport ? Error() : transport.error(); });
  REQUIRE(loop.run_until([&] { return error.has_value(); }));
  CHECK(error->code() == net::Errc::kTimeout);
  CHECK(error->message() ==
        "no connection to name:80 within 100 ms; 127.0.0.1:" + std::to_string(closed) +
            ": connection refused (ECONNREFUSED); 127.0.0.1:" + std::to_string(silent.port()) +
            ": no answer");
  REQUIRE(loop.run_out());
}

TEST_CASE("connect_tcp: a name with an address of each family gets the one that answers") {
  TestLoop loop;
  auto six = Listener::listen_tcp(loop.get(), "::1", 0, [](auto) {});
  if (!six) SKIP_TEST("no IPv6 loopback: " + six.error().message());
  while (!FullListener::is_free((*six)->port())) {
    six = Listener::listen_tcp(loop.get(), "::1", 0, [](auto) {});
    REQUIRE_THAT(six, IsSuccess());
  }
  const FullListener silent("127.0.0.1", (*six)->port());
  const bool six_first = GENERATE(false, true);
  Addresses addresses = {address("127.0.0.1", silent.port()), address("::1", silent.port())};
  if (six_first) std::swap(addresses[0], addresses[1]);
  std::string peer;
  net::connect_addresses(loop.get(), "name:80", addresses, 20ms, test::kDeadline,
                         [&](auto transport) {
                           CHECK_THAT(transport, IsSuccess());
                           peer = transport ? (*transport)->peer() : "nobody";
                         });
  REQUIRE(loop.run_until([&] { return !peer.empty(); }));
  CHECK(peer == (*six)->address());
  (*six)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("connect_tcp: cancelled at each stage, it tells ECANCELED once, later") {
  TestLoop loop;
  const FullListener silent;
  std::vector<std::error_code> told;
  const auto handler = [&](Result<std::unique_ptr<net::Transport>> transport) {
    told.push_back(transport ? std::error_code() : transport.error().code());
  };
  net::Attempt attempt;
  SECTION("looking up") {
    attempt = net::connect_tcp(loop.get(), "localhost", silent.port(), test::kDeadline, handler);
  }
  SECTION("connecting") {
    attempt = net::connect_tcp(loop.get(), "127.0.0.1", silent.port(), test::kDeadline, handler);
    loop.run_turns(3);
  }
  SECTION("on its way to tell a failure") {
    attempt = net::connect_tcp(loop.get(), "255.255.255.255", 9, test::kDeadline, handler);
  }
  attempt.cancel();
  attempt.cancel();
  CHECK(told.empty());
  REQUIRE(loop.run_out());
  attempt.cancel();
  REQUIRE(loop.run_out());
  CHECK(told == std::vector<std::error_code>{{UV_ECANCELED, net::uv_category()}});
}
