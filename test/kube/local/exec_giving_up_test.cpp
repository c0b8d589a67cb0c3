// kube::exec given up by its caller, and a server that says nothing any more.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "kube/local/exec_fixture.h"
#include "support/frame_lines.h"
#include "support/frame_writer.h"
#include "support/mentions.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using namespace std::chrono_literals;
using test::ExecHost;
using test::ExecRun;
using test::IsSuccess;
using test::shell;
using test::TestLoop;

namespace {

const std::error_code kCancelled{UV_ECANCELED, net::uv_category()};

/// A server that upgrades, accepts a number of streams, and says nothing else.
struct SilentServer {
  std::unique_ptr<httpstream::HttpServer> http;
  std::unique_ptr<test::RawPeer> peer;
  test::FrameWriter writer;
  std::size_t opened = 0;    // streams that the client has asked for
  std::size_t accepted = 0;  // of them

  SilentServer(TestLoop& loop, std::size_t accepts) : accepts_(accepts) {
    auto listening = httpstream::HttpServer::listen(
        loop.get(), "127.0.0.1", 0,
        [this](const std::shared_ptr<httpstream::HttpExchange>& exchange) {
          auto connected = exchange->take_over();
          CHECK(connected.already_read.empty());
          peer = std::make_unique<test::RawPeer>(std::move(connected.transport));
          peer->on_received = [this] { accept_streams(); };
          peer->start_reading();
          peer->send(
              "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
              "X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n");
        });
    REQUIRE_THAT(listening, IsSuccess());
    http = std::move(*listening);
  }

 private:
  void accept_streams() {
    opened = 0;
    for (const std::string& line : test::FrameReader().read(bytes_of(peer->received()))) {
      if (line.starts_with("SYN_STREAM ")) ++opened;
    }
    for (; accepted < opened && accepted < accepts_; ++accepted) {
      const auto id = static_cast<wire::StreamId>(2 * accepted + 1);
      peer->send(writer.bytes(wire::SynReplyFrame{.stream_id = id}));
    }
  }

  std::size_t accepts_;
};

httpstream::ConnectionOptions without_windows() {
  httpstream::ConnectionOptions options;
  options.session.flow_control = session::FlowControl::kNone;
  return options;
}

}  // namespace

TEST_CASE("kube::exec: pings are sent by default, as by client-go") {
  CHECK(kube::ApiServer::Options().round_tripper.connection.session.ping_period == 5s);
}

TEST_CASE("kube::exec: a server that has fallen silent is noticed by its unanswered pings") {
  TestLoop loop;
  SilentServer server(loop, 3);
  httpstream::ConnectionOptions connection = without_windows();
  connection.session.ping_period = 50ms;
  connection.session.ping_timeout = 1s;
  ExecRun run;
  run.start(loop, server.http->port(), shell("x"), connection);
  REQUIRE(loop.run_until([&] { return run.started; }));
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.error().code() == kube::Errc::kNoStatus);
  // What the connection's kPeerDead says.
  CHECK(test::mentions(run.error().message(), {"unknown", "1000 ms", "PING"}));
  server.peer->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("kube::exec: given up while its streams are created") {
  TestLoop loop;
  SilentServer server(loop, 1);
  ExecRun run;
  run.start(loop, server.http->port(), shell("x"), without_windows());
  REQUIRE(loop.run_until([&] { return server.opened == 2; }));
  run.attempt.cancel();
  CHECK_FALSE(run.over());
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.error().code() == kCancelled);
  CHECK_FALSE(run.started);
  server.peer->close();
  server.http->close();
  REQUIRE(loop.run_out());
  CHECK(run.error().code() == kCancelled);  // once
}

TEST_CASE("kube::exec: given up while the command runs, which ends with it") {
  TestLoop loop;
  ExecHost host(loop);
  ExecRun run;
  bool inside = false;
  SECTION("from outside, and the reader has paused") {
    run.start(loop, host.port(), shell("while :; do echo many words; done"));
    run.on_started = [&] { run.streams.standard_output.pause(); };
    REQUIRE(loop.run_until([&] { return run.started; }));
    loop.run_turns(20);
  }
  SECTION("from outside, while it says nothing") {
    run.start(loop, host.port(), shell("sleep 60"));
    REQUIRE(loop.run_until([&] { return run.started; }));
  }
  SECTION("when its streams are there") {
    inside = true;
    run.on_started = [&] { run.attempt.cancel(); };
    run.start(loop, host.port(), shell("sleep 60"));
  }
  SECTION("inside its output") {
    inside = true;
    run.on_started = [&] {
      run.streams.standard_output.on_data([&run](Bytes) {
        run.attempt.cancel();
        CHECK_FALSE(run.over());
      });
    };
    run.start(loop, host.port(), shell("echo words; sleep 60"));
  }
  if (!inside) {
    run.attempt.cancel();
    run.attempt.cancel();
    CHECK_FALSE(run.over());
  }
  REQUIRE(loop.run_until([&] { return run.over(); }));
  CHECK(run.error().code() == kCancelled);
  REQUIRE(loop.run_until([&] { return host.sessions() == 0; }));
  host.stop_listening();
  REQUIRE(loop.run_out());
  run.attempt.cancel();  // harmless
  REQUIRE(loop.run_out());
  CHECK(run.error().code() == kCancelled);  // once
}
