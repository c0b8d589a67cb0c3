// ServedCommand in each version of the protocol: a Runtime by hand, and a client that
// creates the streams by hand.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/client/remote_command_peer.h"
#include "kube/server/scripted_runtime.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using httpstream::HalfState;
using test::IsSuccess;
using test::RemoteCommandPeer;
using test::StreamingHost;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

const std::string kExec = "/exec/default/demo/main?command=x&";
const std::string kAttach = "/attach/default/demo/main?";

bool is_v1(std::string_view protocol) { return protocol == kProtocolV1; }
bool has_resize(std::string_view protocol) {
  return protocol == kProtocolV4 || protocol == kProtocolV3;
}

/// A server, one client, and their command.
struct Pair {
  StreamingHost host;
  RemoteCommandPeer client;
  std::shared_ptr<ServedCommand> command;

  Pair(TestLoop& loop, const std::string& target, const std::vector<std::string>& types,
       std::string_view protocol = kProtocolV4, StreamingServer::Options options = patient())
      : host(loop, std::move(options)), client(loop, host.port(), target, protocol) {
    client.create_all(types);
    REQUIRE(loop.run_until([this] { return host.runtime->commands.size() == 1; }));
    command = std::move(host.runtime->commands.front());
    host.runtime->commands.clear();
  }

  static StreamingServer::Options patient() {
    StreamingServer::Options options;
    options.close_grace = 1h;
    return options;
  }

  void end(TestLoop& loop) {
    client.connection->close();
    host.http->close();
    REQUIRE(loop.run_out());
    CHECK(host.server->connections() == 0);
  }
};

}  // namespace

TEST_CASE("ServedCommand: each version tells success and failure in its own way") {
  TestLoop loop;
  const std::string_view protocol = GENERATE(kProtocolV4, kProtocolV3, kProtocolV2, kProtocolV1);
  const bool exec = GENERATE(true, false);
  const bool success = GENERATE(true, false);
  CAPTURE(protocol, exec, success);
  Pair pair(loop, (exec ? kExec : kAttach) + "input=1&output=1&error=1",
            {"error", "stdin", "stdout", "stderr"}, protocol);
  CHECK(pair.host.runtime->calls == std::vector<std::string>{exec ? "exec main" : "attach main"});
  auto& command = *pair.command;
  CHECK(command.protocol() == protocol);
  CHECK_FALSE(command.tty());
  CHECK(command.peer().starts_with("127.0.0.1:"));
  auto standard_input = command.take_standard_input();
  auto standard_output = command.take_standard_output();
  auto standard_error = command.take_standard_error();
  REQUIRE((standard_input && standard_output && standard_error));
  CHECK_FALSE(command.take_standard_output());  // once
  auto& client = pair.client;
  if (is_v1(protocol)) {
    // Its servers close stdin and take the error stream away once the streams are there.
    REQUIRE(loop.run_until(
        [&] { return client.happened("error close") && client.happened("stdin end"); }));
  }
  std::string input;
  standard_input.on_data([&](Bytes bytes) { input += text_of(bytes); });
  CHECK_THAT(client.streams["stdin"]->write(Buffer::copy_of("in")), IsSuccess());
  REQUIRE(loop.run_until([&] { return input == "in"; }));
  CHECK_THAT(standard_output.write(Buffer::copy_of("out")), IsSuccess());
  CHECK_THAT(standard_error.write(Buffer::copy_of("err")), IsSuccess());
  standard_output.end();
  const Status status = success ? exit_status(0) : exit_status(3);
  pair.command->finish(status);
  pair.command->finish(exit_status(1));  // too late
  standard_error.end();                  // the status waits for it
  const std::string last = is_v1(protocol) ? "stdout end" : "error end";
  REQUIRE(loop.run_until([&] { return client.happened(last) && client.happened("stderr end"); }));
  CHECK(client.data["stdout"] == "out");
  CHECK(client.data["stderr"] == "err");
  if (!is_v1(protocol)) {
    CHECK(client.place("stdout end") < client.place("error end"));
    CHECK(client.place("stderr end") < client.place("error end"));
  }
  const std::string told = client.data["error"];
  if (protocol == kProtocolV4) {
    CHECK(told == to_json(status));
  } else if (is_v1(protocol) || success) {
    CHECK(told.empty());
  } else {
    CHECK(told == "command terminated with exit code 3");
  }
  if (is_v1(protocol) && !success) {
    REQUIRE(loop.run_until([&] { return pair.host.logged("v1 cannot tell"); }));
  }
  CHECK_FALSE(client.closed);  // its turn
  pair.end(loop);
}

TEST_CASE("ServedCommand: a failure without a text is no success before v4 either") {
  TestLoop loop;
  const std::string_view protocol = GENERATE(kProtocolV3, kProtocolV2);
  Pair pair(loop, kExec + "output=1", {"error", "stdout"}, protocol);
  Status status;
  status.success = false;
  pair.command->finish(status);
  REQUIRE(loop.run_until([&] { return pair.client.happened("error end"); }));
  CHECK(pair.client.data["error"] == "the command failed");
  pair.end(loop);
}

TEST_CASE("ServedCommand: an error stream that is gone when the last one comes: no call") {
  TestLoop loop;
  StreamingHost host(loop);
  RemoteCommandPeer client(loop, host.port(), kExec + "output=1");
  client.create_all({"error"});
  if (GENERATE(false, true)) {
    CHECK_THAT(client.streams["error"]->write(Buffer::copy_of("x")), IsSuccess());
  }
  client.streams["error"]->reset();
  (void)client.create("stdout");
  REQUIRE(loop.run_until([&] { return client.closed; }));
  CHECK(host.logged("the command is not run"));
  host.http->close();
  REQUIRE(loop.run_out());
  CHECK(host.runtime->calls.empty());
  CHECK(host.server->connections() == 0);
}

TEST_CASE("ServedCommand: a client that does not close is closed, in each version") {
  TestLoop loop;
  const std::string_view protocol = GENERATE(kProtocolV4, kProtocolV3, kProtocolV2, kProtocolV1);
  CAPTURE(protocol);
  StreamingServer::Options options;
  options.close_grace = 20ms;
  Pair pair(loop, kExec + "input=1", {"error", "stdin"}, protocol, std::move(options));
  pair.command->finish(exit_status(0));
  REQUIRE(loop.run_until([&] { return pair.client.closed; }));
  pair.end(loop);
}

TEST_CASE("ServedCommand: too few streams in time: told as the version can, not run") {
  TestLoop loop;
  const std::string_view protocol = GENERATE(kProtocolV4, kProtocolV3, kProtocolV2, kProtocolV1);
  CAPTURE(protocol);
  StreamingServer::Options options;
  options.stream_creation_timeout = 300ms;  // enough for those that come
  options.close_grace = 20ms;
  StreamingHost host(loop, std::move(options));
  RemoteCommandPeer client(loop, host.port(), kAttach + "output=1", protocol);
  client.create_all({"error"});
  REQUIRE(loop.run_until([&] { return client.closed; }));
  const std::string text = "timed out waiting for client to create streams";
  CHECK(client.data["error"].find(text) != std::string::npos);
  if (protocol != kProtocolV4) CHECK(client.data["error"] == text);
  CHECK(host.runtime->calls.empty());
  CHECK(host.logged(text));
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("ServedCommand: a terminal: one output, and sizes from v3 on") {
  TestLoop loop;
  const std::string_view protocol = GENERATE(kProtocolV4, kProtocolV3, kProtocolV2, kProtocolV1);
  CAPTURE(protocol);
  std::vector<std::string> types{"error", "stdin", "stdout"};
  if (has_resize(protocol)) types.push_back("resize");
  // A server ignores stderr beside a terminal.
  StreamingServer::Options options = Pair::patient();
  options.terminal_size_timeout = 0ms;
  Pair pair(loop, kExec + "input=1&output=1&error=1&tty=1", types, protocol, std::move(options));
  CHECK(pair.command->tty());
  CHECK(pair.command->terminal_size() == TerminalSize());
  CHECK_FALSE(pair.command->take_standard_error());
  std::vector<TerminalSize> sizes;
  if (has_resize(protocol)) {
    const auto& resize = pair.client.streams["resize"];
    const auto send = [&resize](const std::string& text) {
      CHECK_THAT(resize->write(Buffer::copy_of(text)), IsSuccess());
    };
    // Of those that come before the handler is set, the last one is told.
    send(to_json({80, 24}) + "\n" + to_json({100, 40}));
    bool passed = false;
    pair.client.connection->ping([&](const auto&) { passed = true; });
    REQUIRE(loop.run_until([&] { return passed; }));
    pair.command->on_resize([&](TerminalSize size) { sizes.push_back(size); });
    CHECK(sizes.empty());  // not inside the call
    REQUIRE(loop.run_until([&] { return sizes.size() == 1; }));
    const std::string next = to_json({132, 50});
    send(next.substr(0, 9));
    send(next.substr(9));
    REQUIRE(loop.run_until([&] { return sizes.size() == 2; }));
    CHECK(sizes == std::vector<TerminalSize>{{100, 40}, {132, 50}});
    CHECK(pair.command->terminal_size() == TerminalSize{132, 50});
    // What is no size is not told, and harms nothing.
    send("{\"Width\":1}" + to_json({1, 1}));
    REQUIRE(loop.run_until([&] { return pair.host.logged("terminal's size"); }));
    CHECK(sizes.size() == 2);
  }
  pair.command->finish(exit_status(0));
  REQUIRE(loop.run_until([&] { return pair.client.happened("stdout end"); }));
  pair.end(loop);
}

TEST_CASE("ServedCommand: a terminal's command waits for the first size, while one may come") {
  struct Case {
    std::string sent;
    TerminalSize size;
  };
  const auto json = [](TerminalSize size) { return to_json(size); };
  const std::vector<Case> cases{
      {json({80, 24}), {80, 24}}, {json({80, 24}) + json({100, 40}), {100, 40}},
      {json({0, 0}), {}},         {json({80, 0}), {}},
      {"no size}", {}},           {"", {}}};
  const Case current = cases[GENERATE(range(std::size_t{0}, std::size_t{6}))];
  CAPTURE(current.sent);
  TestLoop loop;
  StreamingServer::Options options = Pair::patient();
  options.terminal_size_timeout = 1h;
  options.stream_creation_timeout = 1h;
  StreamingHost host(loop, std::move(options));
  RemoteCommandPeer client(loop, host.port(), kExec + "output=1&tty=1");
  client.create_all({"error", "resize", "stdout"});
  bool passed = false;
  client.connection->ping([&](const auto&) { passed = true; });
  REQUIRE(loop.run_until([&] { return passed; }));
  CHECK(host.runtime->commands.empty());
  if (current.sent.empty()) {
    client.streams["resize"]->close();  // none comes
  } else {
    CHECK_FALSE(client.streams["resize"]->write(Buffer::copy_of(current.sent)));
  }
  REQUIRE(loop.run_until([&] { return host.runtime->commands.size() == 1; }));
  const auto command = std::move(host.runtime->commands.front());
  host.runtime->commands.clear();
  CHECK(command->terminal_size() == current.size);
  command->finish(exit_status(0));
  client.connection->close();
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("ServedCommand: a client that goes, or a server that stops, while a size is awaited") {
  TestLoop loop;
  StreamingServer::Options options = Pair::patient();
  options.terminal_size_timeout = 1h;
  StreamingHost host(loop, std::move(options));
  RemoteCommandPeer client(loop, host.port(), kExec + "output=1&tty=1");
  client.create_all({"error", "resize", "stdout"});
  bool stopped = false;
  if (GENERATE(true, false)) {
    client.connection->abort();
    stopped = true;
  } else {
    host.server->stop([&] { stopped = true; });
  }
  REQUIRE(loop.run_until([&] { return stopped && host.server->connections() == 0; }));
  CHECK(host.runtime->calls.empty());
  client.connection->close();
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("ServedCommand: resize where the version has none is refused, and nothing runs") {
  TestLoop loop;
  const std::string_view protocol = GENERATE(kProtocolV2, kProtocolV1);
  StreamingHost host(loop);
  RemoteCommandPeer client(loop, host.port(), kExec + "output=1&tty=1", protocol);
  client.create_all({"error"});
  CHECK(client.create("resize").code() == session::Errc::kStreamRefused);
  REQUIRE(loop.run_until([&] { return client.happened("error end"); }));
  CHECK(client.data["error"].starts_with("unexpected stream type: \"resize\""));
  CHECK(host.runtime->calls.empty());
  client.connection->close();
  host.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("ServedCommand::on_gone: once, however the client goes, also when set late") {
  TestLoop loop;
  const std::string_view protocol = GENERATE(kProtocolV4, kProtocolV1);
  Pair pair(loop, kExec + "input=1&output=1", {"error", "stdin", "stdout"}, protocol);
  int gone = 0;
  auto standard_output = pair.command->take_standard_output();
  const bool early = GENERATE(true, false);
  const int way = GENERATE(0, 1, 2);
  CAPTURE(protocol, early, way);
  if (early) pair.command->on_gone([&] { ++gone; });
  if (way == 0) pair.client.connection->close();
  if (way == 1 || (way == 2 && is_v1(protocol))) pair.client.connection->abort();
  if (way == 2 && !is_v1(protocol)) pair.client.streams["error"]->reset();
  if (!early) {
    REQUIRE(loop.run_until([&] { return standard_output.state() == HalfState::kBroken; }));
    pair.command->on_gone([&] { ++gone; });
    CHECK(gone == 0);  // not inside the call
  }
  REQUIRE(loop.run_until([&] { return gone > 0; }));
  // What is done now is without effect.
  pair.command->on_gone([&] { ++gone; });
  pair.command->on_resize([](TerminalSize) {});
  pair.command->finish(exit_status(0));
  pair.end(loop);
  CHECK(gone == 1);
  CHECK(standard_output.state() == HalfState::kBroken);
}

TEST_CASE("ServedCommand::on_gone: not behind finish") {
  TestLoop loop;
  Pair pair(loop, kExec + "output=1", {"error", "stdout"});
  const auto token = std::make_shared<int>(0);
  pair.command->on_gone([token] { ++*token; });
  pair.command->on_resize([token](TerminalSize) { ++*token; });
  pair.command->finish(exit_status(0));
  CHECK(token.use_count() == 1);  // the handlers are freed
  pair.client.connection->abort();
  pair.end(loop);
  CHECK(*token == 0);
}

TEST_CASE("ServedCommand: dropped without finish, the client is told of a failure") {
  TestLoop loop;
  Pair pair(loop, kExec + "output=1", {"error", "stdout"});
  auto standard_output = pair.command->take_standard_output();
  CHECK_THAT(standard_output.write(Buffer::copy_of("some")), IsSuccess());
  standard_output.end();
  pair.command.reset();
  REQUIRE(loop.run_until([&] { return pair.client.happened("error end"); }));
  CHECK(pair.client.data["stdout"] == "some");
  const auto status = parse_status(pair.client.data["error"]);
  REQUIRE_THAT(status, IsSuccess());
  CHECK_FALSE(status->success);
  CHECK(status->reason == "InternalError");
  CHECK(status->message.find("without a status") != std::string::npos);
  pair.end(loop);
}

TEST_CASE("ServedCommand: outputs may end before finish; the status waits for both") {
  TestLoop loop;
  Pair pair(loop, kExec + "output=1&error=1", {"error", "stdout", "stderr"});
  auto standard_output = pair.command->take_standard_output();
  auto standard_error = pair.command->take_standard_error();
  CHECK_THAT(standard_output.write(Buffer::copy_of("out")), IsSuccess());
  standard_output.end();
  REQUIRE(loop.run_until([&] { return pair.client.happened("stdout end"); }));
  // More than the client takes: it does not read.
  pair.client.streams["stderr"]->pause();
  const std::string much(8 << 20, 'x');
  CHECK_THAT(standard_error.write(Buffer::copy_of(much)), IsSuccess());
  pair.command->finish(exit_status(0));
  standard_error.end();
  loop.run_turns(200);
  CHECK_FALSE(pair.client.happened("error data"));
  pair.client.streams["stderr"]->resume();
  REQUIRE(loop.run_until([&] { return pair.client.happened("error end"); }));
  CHECK(pair.client.data["stderr"] == much);
  CHECK(pair.client.place("stderr end") < pair.client.place("error data"));
  pair.end(loop);
}

TEST_CASE("ServedCommand: an output that the client has taken away holds nothing up") {
  TestLoop loop;
  Pair pair(loop, kExec + "output=1", {"error", "stdout"});
  const bool before = GENERATE(true, false);
  auto standard_output = pair.command->take_standard_output();
  const auto take_away = [&] {
    pair.client.streams["stdout"]->reset();
    REQUIRE(loop.run_until([&] { return standard_output.state() == HalfState::kBroken; }));
  };
  if (before) {
    take_away();
    pair.command->finish(exit_status(5));
  } else {
    pair.client.streams["stdout"]->pause();
    CHECK_THAT(standard_output.write(Buffer(std::string(8 << 20, 'x'))), IsSuccess());
    standard_output.end();
    pair.command->finish(exit_status(5));
    take_away();
  }
  REQUIRE(loop.run_until([&] { return pair.client.happened("error end"); }));
  CHECK(pair.client.data["error"] == to_json(exit_status(5)));
  pair.end(loop);
}

TEST_CASE("ServedCommand: a client that gives up while output waits for it is not waited for") {
  TestLoop loop;
  Pair pair(loop, kExec + "output=1", {"error", "stdout"});
  pair.client.streams["stdout"]->pause();
  auto standard_output = pair.command->take_standard_output();
  CHECK_THAT(standard_output.write(Buffer(std::string(8 << 20, 'x'))), IsSuccess());
  standard_output.end();
  pair.command->finish(exit_status(0));
  // It keeps its connection, and answers PINGs.
  pair.client.streams["error"]->reset();
  REQUIRE(loop.run_until([&] { return pair.host.server->connections() == 0; }));
  pair.client.streams["stdout"]->resume();
  pair.end(loop);
}

TEST_CASE("ServedCommand: the status waits for an output that somebody has; a lost one is reset") {
  TestLoop loop;
  const std::string_view protocol = GENERATE(kProtocolV4, kProtocolV3, kProtocolV2, kProtocolV1);
  CAPTURE(protocol);
  Pair pair(loop, kExec + "output=1&error=1", {"error", "stdout", "stderr"}, protocol);
  auto standard_output = pair.command->take_standard_output();
  CHECK_THAT(standard_output.write(Buffer::copy_of("half")), IsSuccess());
  pair.command->finish(exit_status(0));
  // The one that nobody has taken ends at once.
  REQUIRE(loop.run_until([&] { return pair.client.happened("stderr end"); }));
  loop.run_turns(20);
  CHECK_FALSE(pair.client.happened("error end"));
  CHECK_FALSE(pair.client.happened("stdout close"));
  const bool ends = GENERATE(true, false);
  if (ends) standard_output.end();
  standard_output = {};
  REQUIRE(
      loop.run_until([&] { return pair.client.happened(ends ? "stdout end" : "stdout close"); }));
  if (!is_v1(protocol)) {
    REQUIRE(loop.run_until([&] { return pair.client.happened("error end"); }));
    // A reset is told in the turn behind what came with it.
    if (ends) CHECK(pair.client.place("stdout end") < pair.client.place("error end"));
  }
  CHECK(pair.client.happened("stdout end") == ends);
  CHECK(pair.client.data["stdout"] == "half");
  pair.end(loop);
}

TEST_CASE("ServedCommand: what a client says on its outputs is dropped, and stdin is held") {
  TestLoop loop;
  Pair pair(loop, kExec + "input=1&output=1", {"error", "stdin", "stdout"});
  const std::string much(1 << 20, 'x');
  CHECK_THAT(pair.client.streams["error"]->write(Buffer::copy_of(much)), IsSuccess());
  CHECK_THAT(pair.client.streams["stdout"]->write(Buffer::copy_of(much)), IsSuccess());
  CHECK_THAT(pair.client.streams["stdin"]->write(Buffer::copy_of("early")), IsSuccess());
  for (const char* output : {"error", "stdout"}) {
    REQUIRE(
        loop.run_until([&] { return pair.client.streams[output]->stats()->queued_bytes == 0; }));
  }
  std::string input;
  auto standard_input = pair.command->take_standard_input();
  standard_input.on_data([&](Bytes bytes) { input += text_of(bytes); });
  REQUIRE(loop.run_until([&] { return input == "early"; }));
  pair.command->finish(exit_status(0));
  REQUIRE(loop.run_until([&] { return pair.client.happened("error end"); }));
  pair.end(loop);
}

TEST_CASE("ServedCommand: a reader that pauses hears of the end behind the last byte") {
  TestLoop loop;
  Pair pair(loop, kExec + "input=1", {"error", "stdin"});
  auto input = pair.command->take_standard_input();
  std::size_t received = 0;
  bool paused = false;
  bool ended = false;
  net::Timer resume(loop.get(), [&] {
    paused = false;
    input.resume();
  });
  input.on_data([&](Bytes bytes) {
    CHECK_FALSE(paused);
    received += bytes.size();
    paused = true;
    input.pause();
    resume.start(1ms);
  });
  constexpr std::size_t kSize = 5'000'000;
  input.on_end([&](const Error& error) {
    CHECK_THAT(error, IsSuccess());
    CHECK_FALSE(paused);
    CHECK(received == kSize);
    ended = true;
  });
  CHECK_THAT(pair.client.streams["stdin"]->write(Buffer(std::string(kSize, 'x'))), IsSuccess());
  pair.client.streams["stdin"]->close();
  REQUIRE(loop.run_until([&] { return ended; }));
  pair.command->finish(exit_status(0));
  pair.end(loop);
}

TEST_CASE(
    "ServedCommand: a client that goes is noticed though its stdin waits, by whoever has it") {
  TestLoop loop;
  const std::string_view protocol = GENERATE(kProtocolV4, kProtocolV1);
  const bool with_output = GENERATE(true, false);
  const bool taken = GENERATE(true, false);
  const bool finished = GENERATE(true, false);
  CAPTURE(protocol, with_output, taken, finished);
  std::vector<std::string> types{"error", "stdin"};
  if (with_output) types.emplace_back("stdout");
  StreamingServer::Options options;
  options.close_grace = 20ms;
  Pair pair(loop, kExec + (with_output ? "input=1&output=1" : "input=1"), types, protocol,
            std::move(options));
  int gone = 0;
  pair.command->on_gone([&] { ++gone; });
  // It holds bytes, and nobody will ever read them.
  httpstream::StreamReader input;
  std::optional<Error> end;
  if (taken) {
    input = pair.command->take_standard_input();
    input.on_data([](Bytes) { CHECK(false); });
    input.on_end([&](const Error& error) { end = error; });
    input.pause();
  }
  CHECK_THAT(pair.client.streams["stdin"]->write(Buffer::copy_of("words")), IsSuccess());
  bool passed = false;
  pair.client.connection->ping([&](const auto&) { passed = true; });
  REQUIRE(loop.run_until([&] { return passed; }));
  if (finished) pair.command->finish(exit_status(0));
  pair.client.connection->abort();
  REQUIRE(loop.run_until([&] { return pair.host.server->connections() == 0; }));
  CHECK(gone == (finished ? 0 : 1));
  if (taken) {
    REQUIRE(end);
    CHECK(*end);
  }
  pair.end(loop);
}

TEST_CASE("ServedCommand: everything may be dropped inside its handlers") {
  TestLoop loop;
  StreamingHost host(loop);
  RemoteCommandPeer client(loop, host.port(), kExec + "input=1&output=1&tty=1");
  const auto drop = [&host] {
    host.runtime->commands.clear();
    host.server.reset();
  };
  const int where = GENERATE(0, 1, 2, 3);
  CAPTURE(where);
  bool dropped = false;
  httpstream::StreamReader input;
  host.runtime->on_command = [&] {
    const auto command = host.runtime->commands.front();
    const auto here = [&dropped, drop] {
      dropped = true;
      drop();
    };
    if (where == 0) here();
    if (where == 1) command->on_resize([here](TerminalSize) { here(); });
    if (where == 2) command->on_gone(here);
    if (where == 3) {
      input = command->take_standard_input();
      input.on_data([&input, here](Bytes) {
        input = {};
        here();
      });
    }
  };
  client.create_all({"error", "stdin", "stdout", "resize"});
  CHECK_THAT(client.streams["resize"]->write(Buffer::copy_of(to_json({80, 24}))), IsSuccess());
  CHECK_THAT(client.streams["stdin"]->write(Buffer::copy_of("x")), IsSuccess());
  if (where == 2) {
    REQUIRE(loop.run_until([&] { return !host.runtime->commands.empty(); }));
    client.connection->abort();
  }
  REQUIRE(loop.run_until([&] { return dropped; }));
  client.connection->close();
  host.http->close();
  REQUIRE(loop.run_out());
}
