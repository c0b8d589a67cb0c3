// attach: who may write to the main process, and what becomes of what is written.

#include <string>

#include "kube/client/remote_command_peer.h"
#include "kube/local/attach_host.h"
#include "support/test_loop.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::ManualClient;
using test::TestLoop;
using namespace test::attach;

TEST_CASE("attach: one client has stdin; another gets a failure until it is free") {
  TestLoop loop;
  AttachHost host(loop, shell_with_stdin(kObey));
  std::optional<ManualClient> first;
  first.emplace(loop, host.port(), typing());
  REQUIRE(loop.run_until([&] { return host.runtime().attached().clients == 1; }));
  ManualClient second(loop, host.port(), typing());
  REQUIRE(loop.run_until([&] { return second.ended; }));
  CHECK(second.status().message ==
        "cannot attach: another client has the main process's stdin; attach without -i");
  CHECK(second.status().code == 409);

  first->type("out first\n");
  REQUIRE(loop.run_until([&] { return first->shows("first\n"); }));
  bool watches_on = false;
  SECTION("it leaves in order") { first->connection->close(); }
  SECTION("it vanishes") { first->connection->abort(); }
  SECTION("it ends its stdin, and goes on watching") {
    first->standard_input->close();
    watches_on = true;
  }
  SECTION("it resets its stdin, and goes on watching") {
    first->standard_input->reset();
    watches_on = true;
  }
  // The process has not seen an end, and goes on.
  std::optional<ManualClient> next;
  REQUIRE(loop.run_until([&] {
    if (!next || next->ended) next.emplace(loop, host.port(), typing());
    return !next->ended && host.runtime().attached().clients == (watches_on ? 2U : 1U);
  }));
  next->type("out next\nexit 6\n");
  REQUIRE(loop.run_until([&] { return next->ended; }));
  CHECK(next->output == "out next\n");
  CHECK(next->code() == 6);
  if (watches_on) {
    REQUIRE(loop.run_until([&] { return first->ended; }));
    CHECK(first->output == "out first\nout next\n");
    CHECK(first->code() == 6);
  }
  host.end(loop);
}

TEST_CASE("attach: stdin_once: stdin ends with the first client that had it") {
  TestLoop loop;
  MainCommand command = shell_with_stdin("cat; echo end of stdin; exec sleep 1000");
  command.stdin_once = true;
  AttachHost host(loop, command);
  ManualClient watcher(loop, host.port(), watching());
  ManualClient client(loop, host.port(), typing());
  REQUIRE(loop.run_until([&] { return host.runtime().attached().clients == 2; }));
  client.type("words\n");
  REQUIRE(loop.run_until([&] { return client.shows("words\n"); }));
  SECTION("by a FIN, and it sees what follows") {
    client.standard_input->close();
    REQUIRE(loop.run_until([&] { return client.shows("end of stdin\n"); }));
  }
  SECTION("by leaving") { client.connection->abort(); }
  bool breaks = false;
  SECTION("by a reset, as by leaving, and it hears that this was no end in order") {
    client.standard_input->reset();
    breaks = true;
  }
  REQUIRE(loop.run_until([&] { return watcher.shows("end of stdin\n"); }));
  ManualClient late(loop, host.port(), typing());
  REQUIRE(loop.run_until([&] { return late.ended; }));
  CHECK(late.status().message ==
        "cannot attach: the stdin of the main process has ended; attach without -i");
  host.end(loop);
  CHECK(host.exit_code == 143);  // 128 and SIGTERM
  if (breaks) {
    CHECK(client.status().message.starts_with("the main process's stdin broke off: "));
  } else if (!client.closed || client.ended) {
    CHECK(client.code() == 143);
  }
  CHECK(watcher.code() == 143);
}

TEST_CASE("attach: a process that does not read its stdin holds only the writer up") {
  TestLoop loop;
  AttachHost host(loop, shell_with_stdin("echo ready; sleep 0.1; head -c 3000000 | wc -c; exit 3"));
  ManualClient client(loop, host.port(), typing());
  const std::string text(3000000, 'x');
  client.type(text.substr(0, 1000000));
  // The next one's bytes come behind those of the first, which has gone meanwhile.
  REQUIRE(loop.run_until([&] { return client.standard_input->writable(); }));
  client.type(text.substr(1000000));
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.shows("3000000\n"));
  CHECK(client.code() == 3);
  host.end(loop);
}

TEST_CASE("attach: a process that has closed its stdin: what is written is dropped") {
  TestLoop loop;
  AttachHost host(loop, shell_with_stdin("read go; exec <&-; echo closed; sleep 0.1; exit 4"));
  ManualClient client(loop, host.port(), typing());
  client.type("go\n");
  REQUIRE(loop.run_until([&] { return client.shows("closed\n"); }));
  client.type(std::string(3000000, 'x'));
  client.standard_input->close();
  ManualClient next(loop, host.port(), watching());
  REQUIRE(loop.run_until([&] { return client.ended; }));
  CHECK(client.code() == 4);
  host.end(loop);
}

TEST_CASE("attach: a client that goes while its stdin is paused and holds bytes leaves nothing") {
  TestLoop loop;
  AttachHost host(loop, shell_with_stdin("echo ready; exec sleep 1000"));
  ManualClient client(loop, host.port(), typing());
  REQUIRE(loop.run_until([&] { return host.runtime().attached().clients == 1; }));
  client.fill_stdin(loop);
  client.connection->abort();
  REQUIRE(loop.run_until([&] { return host.sessions() == 1; }));  // the main process
  CHECK(host.runtime().attached().clients == 0);
  host.end(loop);
}

TEST_CASE("attach: a stdin that ends before the client is attached ends for the process, too") {
  TestLoop loop;
  MainCommand command = shell_with_stdin("cat; exit 4");
  command.stdin_once = true;
  AttachHost host(loop, command);
  test::RemoteCommandPeer client(loop, host.port(), attach_target(typing()));
  client.create_all({"error", "stdin", "stdout"});
  client.streams["stdin"]->close();
  bool told = false;
  client.connection->ping([&](const auto&) { told = true; });
  REQUIRE(loop.run_until([&] { return told; }));
  client.create_all({"stderr"});
  REQUIRE(loop.run_until([&] { return host.exit_code.has_value(); }));
  CHECK(host.exit_code == 4);
  client.connection->close();
  host.end(loop);
}
