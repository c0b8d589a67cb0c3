// LocalRuntime::port_forward: ports of this machine, and local sockets in place of ports.

#include <memory>
#include <string>
#include <vector>

#include "kube/local/exec_fixture.h"
#include "kube/server/port_forward_fixture.h"
#include "support/raw_peer.h"
#include "support/tcp_pair.h"
#include "support/temporary_folder.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/net/listener.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::ExecHost;
using test::IsSuccess;
using test::RawPeer;
using test::TestLoop;

namespace {

using StreamPtr = std::shared_ptr<httpstream::Stream>;

/// One forwarded connection, seen by its client.
struct Forwarded {
  std::shared_ptr<httpstream::Connection> connection;
  StreamPtr error;
  StreamPtr data;
  std::string error_text;
  std::string received;
  bool error_over = false;

  Forwarded(TestLoop& loop, std::uint16_t server, std::uint16_t port) {
    httpstream::Url url;
    url.host = "127.0.0.1";
    url.port = server;
    url.target = port_forward_target({"default", "demo", {}, {}});
    httpstream::Dialer(loop.get(), url)
        .dial({std::string(kPortForwardProtocol)}, [this](Result<httpstream::Dialed> dialed) {
          CHECK_THAT(dialed, IsSuccess());
          if (dialed) connection = dialed->connection;
        });
    REQUIRE(loop.run_until([this] { return connection != nullptr; }));
    create(kStreamTypeError, port, error);
    create(kStreamTypeData, port, data);
    REQUIRE(loop.run_until([this] { return error && data; }));
    error->on_data([this](Bytes bytes) { error_text += text_of(bytes); });
    error->on_close([this](const Error&) { error_over = true; });
    data->on_data([this](Bytes bytes) { received += text_of(bytes); });
    error->close();
  }

 private:
  void create(std::string_view type, std::uint16_t port, StreamPtr& place) {
    connection->create_stream(
        {{kHeaderStreamType, type}, {kHeaderPort, std::to_string(port)}, {kHeaderRequestId, "0"}},
        [&place](const Result<StreamPtr>& stream) {
          CHECK_THAT(stream, IsSuccess());
          if (stream) place = *stream;
        });
  }
};

/// Listens, and keeps the connections that come.
struct Target {
  std::unique_ptr<net::Listener> listener;
  std::vector<std::unique_ptr<RawPeer>> peers;

  net::Listener::AcceptHandler handler() {
    return [this](std::unique_ptr<net::Transport> transport) {
      peers.push_back(std::make_unique<RawPeer>(std::move(transport)));
      peers.back()->start_reading();
    };
  }
};

/// Bytes both ways and the end of each, through everything.
void check_forwarding(TestLoop& loop, ExecHost& host, Target& target, std::uint16_t port) {
  Forwarded client(loop, host.port(), port);
  CHECK_THAT(client.data->write(Buffer::copy_of("question")), IsSuccess());
  client.data->close();
  REQUIRE(loop.run_until([&] { return target.peers.size() == 1 && target.peers[0]->ended(); }));
  CHECK(target.peers[0]->received() == "question");
  target.peers[0]->send(std::string("answer"));
  REQUIRE(loop.run_until([&] { return client.received == "answer"; }));
  target.peers[0]->close();
  REQUIRE(loop.run_until([&] { return client.error_over && client.data->is_closed(); }));
  CHECK(client.error_text.empty());
  client.connection->close();
  target.listener->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}

}  // namespace

TEST_CASE("LocalRuntime::port_forward: to the port of this machine, IPv4 or IPv6") {
  TestLoop loop;
  ExecHost host(loop);
  Target target;
  const std::string address = GENERATE("127.0.0.1", "::1");
  auto listening = net::Listener::listen_tcp(loop.get(), address, 0, target.handler());
  if (!listening && address == "::1") SKIP_TEST("there is no IPv6 on the loopback interface");
  REQUIRE_THAT(listening, IsSuccess());
  target.listener = std::move(*listening);
  check_forwarding(loop, host, target, target.listener->port());
}

TEST_CASE("LocalRuntime::port_forward: to a local socket in place of a port") {
  TestLoop loop;
  const test::TemporaryFolder folder;
  const std::string path = folder.path("target.sock");
  test::ExecOptions options;
  options.runtime.unix_targets = {{80, path}};
  ExecHost host(loop, std::move(options));
  Target target;
  auto listening = net::Listener::listen_pipe(loop.get(), path, target.handler());
  REQUIRE_THAT(listening, IsSuccess());
  target.listener = std::move(*listening);
  check_forwarding(loop, host, target, 80);
}

TEST_CASE("LocalRuntime::port_forward: where nobody listens the client is told which and why") {
  TestLoop loop;
  const test::TemporaryFolder folder;
  test::ExecOptions options;
  options.runtime.unix_targets = {{80, folder.path("none.sock")}};
  ExecHost host(loop, std::move(options));
  const bool unix_target = GENERATE(true, false);
  const std::uint16_t port = unix_target ? 80 : test::closed_port(loop);
  Forwarded client(loop, host.port(), port);
  REQUIRE(loop.run_until([&] { return client.error_over && client.data->is_closed(); }));
  CHECK(client.error_text.starts_with("error forwarding port " + std::to_string(port) +
                                      " to pod demo, uid : "));
  CHECK(client.error_text.find(unix_target ? "none.sock" : "127.0.0.1") != std::string::npos);
  client.connection->close();
  host.stop_listening();
  REQUIRE(loop.run_out());
  CHECK(host.sessions() == 0);
}
