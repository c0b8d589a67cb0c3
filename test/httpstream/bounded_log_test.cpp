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

  void write(std::string_view client, std::string_view line, BoundedLog::Time now) {
    log.write(client, line, now);
  }

  explicit Log(LogLimits limits)
      : log([this](std::string_view line) { lines.emplace_back(line); }, limits) {}
};

}  // namespace

TEST_CASE("BoundedLog: so many lines of a client, then their number") {
  Log all({.burst = 2, .per_second = 1});
  for (int i = 0; i < 5; ++i) all.write("a", "line " + std::to_string(i), kStart);
  CHECK(all.lines == std::vector<std::string>{"line 0", "line 1"});
  all.write("a", "line 5", kStart + 900ms);
  CHECK(all.lines.size() == 2);
  all.write("a", "line 6", kStart + 1001ms);
  REQUIRE(all.lines.size() == 3);
  // The second's only token went to the number.
  CHECK(test::mentions(all.lines[2], {"a: 4 more lines were left out"}));
  all.write("a", "line 7", kStart + 10s);
  REQUIRE(all.lines.size() == 5);
  CHECK(test::mentions(all.lines[3], {"a: 1 more lines were left out"}));
  CHECK(all.lines[4] == "line 7");
}

TEST_CASE("BoundedLog: the number comes with another client's line, and quiet ones are forgotten") {
  Log all({.burst = 1, .per_second = 1});
  all.write("a", "1", kStart);
  all.write("a", "2", kStart);
  all.write("b", "3", kStart + 5s);
  REQUIRE(all.lines.size() == 3);
  CHECK(test::mentions(all.lines[1], {"a: 1 more lines"}));
  CHECK(all.log.clients() == 2);
  all.write("b", "4", kStart + 10s);
  CHECK(all.log.clients() == 1);
}

TEST_CASE("BoundedLog: a million lines of ten thousand clients are few lines and little memory") {
  Log all({.burst = 10, .per_second = 1});
  for (int i = 0; i < 1'000'000; ++i) all.write(std::to_string(i % 10'000), "x", kStart);
  CHECK(all.log.clients() == BoundedLog::kMaxClients);
  CHECK(all.lines.size() == 10 * (BoundedLog::kMaxClients + 1));
}

TEST_CASE("BoundedLog: a handler may write to the log, and limits of 0 leave nothing") {
  int lines = 0;
  BoundedLog* to = nullptr;
  BoundedLog log(
      [&](std::string_view) {
        if (++lines < 100) to->write("a", "again", kStart + 10s);
      },
      {.burst = 3, .per_second = 1});
  to = &log;
  log.write("a", "first", kStart);
  CHECK(lines == 1 + 3);

  Log none({.burst = 0, .per_second = 0});
  none.write("a", "b", kStart);
  CHECK(none.lines.empty());
}

TEST_CASE("bounded_log: a line's client is the address that it begins with") {
  CHECK_FALSE(bounded_log({}));
  std::vector<std::string> lines;
  const LogHandler log = bounded_log([&](std::string_view line) { lines.emplace_back(line); },
                                     {.burst = 1, .per_second = 0});
  for (int i = 0; i < 3; ++i) {
    // Whatever the port is, and the last 64 bits of an IPv6 address.
    log("127.0.0.1:400" + std::to_string(i) + ": a");
    log("[2001:db8::" + std::to_string(i) + "]:1: b");
    log("unix:/run/x.sock: c");
    log("main process: d");
    log("no name in it");
  }
  CHECK(lines == std::vector<std::string>{"127.0.0.1:4000: a", "[2001:db8::0]:1: b",
                                          "unix:/run/x.sock: c", "main process: d",
                                          "no name in it"});
}
