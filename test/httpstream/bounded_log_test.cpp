#include "httpstream/bounded_log.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "support/mentions.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using namespace std::chrono_literals;

namespace {

constexpr BoundedLog::Time kStart{1000h};

struct Log {
  std::vector<std::string> lines;
  BoundedLog log;

  explicit Log(LogLimits limits)
      : log([this](std::string_view line) { lines.emplace_back(line); }, limits) {}
};

}  // namespace

TEST_CASE("BoundedLog: so many lines of a client, then their number") {
  Log all({.burst = 2, .per_second = 1});
  for (int i = 0; i < 5; ++i) {
    // Whatever its port is.
    all.log.write("127.0.0.1:400" + std::to_string(i) + ": line", kStart);
  }
  CHECK(all.lines == std::vector<std::string>{"127.0.0.1:4000: line", "127.0.0.1:4001: line"});
  all.log.write("127.0.0.1:4005: line", kStart + 900ms);
  CHECK(all.lines.size() == 2);
  all.log.write("127.0.0.1:4006: line", kStart + 1001ms);
  REQUIRE(all.lines.size() == 3);
  // The second's only token went to the number.
  CHECK(test::mentions(all.lines[2], {"127.0.0.1: 4 more lines were left out"}));
  all.log.write("127.0.0.1:4007: line", kStart + 10s);
  REQUIRE(all.lines.size() == 5);
  CHECK(test::mentions(all.lines[3], {"127.0.0.1: 1 more lines were left out"}));
  CHECK(all.lines[4] == "127.0.0.1:4007: line");
}

TEST_CASE("BoundedLog: one client's lines cost no other's, and what has no client is one") {
  Log all({.burst = 1, .per_second = 1});
  for (int i = 0; i < 3; ++i) {
    all.log.write("127.0.0.1:1: a", kStart);
    all.log.write("[2001:db8::" + std::to_string(i) + "]:1: b", kStart);
    all.log.write("unix:/run/x.sock: c", kStart);
    all.log.write("main process: d", kStart);
    all.log.write("no name in it", kStart);
  }
  CHECK(all.lines == std::vector<std::string>{"127.0.0.1:1: a", "[2001:db8::0]:1: b",
                                              "unix:/run/x.sock: c", "main process: d",
                                              "no name in it"});
}

TEST_CASE("BoundedLog: the number comes with another client's line, and quiet ones are forgotten") {
  Log all({.burst = 1, .per_second = 1});
  all.log.write("127.0.0.1:1: a", kStart);
  all.log.write("127.0.0.1:1: b", kStart);
  all.log.write("127.0.0.2:1: c", kStart + 5s);
  REQUIRE(all.lines.size() == 3);
  CHECK(test::mentions(all.lines[1], {"127.0.0.1: 1 more lines"}));
  CHECK(all.log.clients() == 2);
  all.log.write("127.0.0.2:1: d", kStart + 10s);
  CHECK(all.log.clients() == 1);
}

TEST_CASE("BoundedLog: a million lines of ten thousand clients are few lines and little memory") {
  Log all({.burst = 10, .per_second = 1});
  for (std::size_t i = 0; i < 100'000; ++i) {
    const std::string client =
        "10.0." + std::to_string(i / 256 % 40) + "." + std::to_string(i % 256) + ":1";
    for (int j = 0; j < 10; ++j) all.log.write(client + ": x", kStart);
  }
  CHECK(all.log.clients() == BoundedLog::kMaxClients);
  CHECK(all.lines.size() == 10 * (BoundedLog::kMaxClients + 1));
}

TEST_CASE("BoundedLog: a handler may write to the log, and limits of 0 leave nothing") {
  int lines = 0;
  BoundedLog* to = nullptr;
  BoundedLog log(
      [&](std::string_view) {
        if (++lines < 100) to->write("a: again", kStart + 10s);
      },
      {.burst = 3, .per_second = 1});
  to = &log;
  log.write("a: first", kStart);
  CHECK(lines == 1 + 3);

  Log none({.burst = 0, .per_second = 0});
  none.log.write("a: b", kStart);
  CHECK(none.lines.empty());
}

TEST_CASE("bounded_log: passes on, and nobody stays nobody") {
  CHECK_FALSE(bounded_log({}));
  std::vector<std::string> lines;
  const LogHandler log = bounded_log([&](std::string_view line) { lines.emplace_back(line); },
                                     {.burst = 2, .per_second = 0});
  for (int i = 0; i < 5; ++i) log("127.0.0.1:1: x");
  CHECK(lines.size() == 2);
}
