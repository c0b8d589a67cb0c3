#pragma once

#include <string_view>

#include "kube/client/scripted_server.h"
#include "kube/local/exec_fixture.h"
#include "support/test_loop.h"

namespace uvspdy::test {

/// A server of one version, and a client that has its streams.
struct Started {
  TestLoop loop;
  ScriptedServer server{loop};
  ExecRun run;

  explicit Started(std::string_view protocol, const kube::ExecRequest& request = shell("x")) {
    server.protocol = protocol;
    run.start(loop, server.port(), request);
    REQUIRE(loop.run_until([&] { return run.started; }));
    CHECK(run.streams.protocol == protocol);
  }

  void run_to_end() {
    REQUIRE(loop.run_until([&] { return run.over(); }));
    server.http->close();
    REQUIRE(loop.run_out());
  }

  /// Has all that was done until now reach the client.
  void settle() {
    bool there = false;
    server.connection->ping([&there](const auto& round_trip) {
      CHECK_THAT(round_trip, IsSuccess());
      there = true;
    });
    REQUIRE(loop.run_until([&] { return there; }));
  }
};

}  // namespace uvspdy::test
