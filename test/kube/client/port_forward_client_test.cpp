#include "uvspdy/kube/client/port_forward_client.h"

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/client/port_forward_client_fixture.h"
#include "support/patterned_text.h"
#include "support/raw_peer.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::kube;
using test::Forwarded;
using test::IsSuccess;
using test::patterned_text;
using test::PortForwardHost;
using test::RawPeer;
using test::RawServer;
using test::TestForwarder;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

/// A client that forwards connections, its server, and a target on this machine.
struct ForwarderTest {
  TestLoop loop;
  PortForwardHost host{loop};
  TestForwarder forwarder{loop, host.port()};
  RawServer target{loop};
};

}  // namespace

TEST_CASE_METHOD(ForwarderTest,
                 "PortForwarder: many connections at once, each with its own bytes and ends") {
  constexpr std::size_t kConnections = 50;
  std::vector<std::unique_ptr<Forwarded>> connections;
  for (std::size_t i = 0; i < kConnections; ++i) {
    connections.push_back(forwarder.forward(target.port()));
    connections.back()->local->send(std::to_string(i) + " " + patterned_text(100000, i));
    connections.back()->local->shut_down();
  }
  CHECK(forwarder->connections() == kConnections);
  REQUIRE(loop.run_until([&] { return target.peers.size() == kConnections; }));
  for (const auto& peer : target.peers) {
    REQUIRE(loop.run_until([&] { return peer->ended(); }));
    const std::size_t i = std::stoul(peer->received());
    CHECK(peer->received() == std::to_string(i) + " " + patterned_text(100000, i));
    peer->send(patterned_text(150000, 1000 + i));
    peer->shut_down();
  }
  for (std::size_t i = 0; i < kConnections; ++i) {
    Forwarded& connection = *connections[i];
    REQUIRE(loop.run_until([&] { return connection.done && connection.local->ended(); }));
    CHECK_THAT(*connection.done, IsSuccess());
    CHECK(connection.local->received() == patterned_text(150000, 1000 + i));
    CHECK_THAT(connection.local->end(), IsSuccess());
  }
  CHECK(forwarder->connections() == 0);
  target.close();
  forwarder.close(host);
}

TEST_CASE_METHOD(ForwarderTest,
                 "PortForwarder: the server's words say why there is no connection; others go on") {
  const auto other = forwarder.forward(target.port());
  const std::uint16_t port = test::closed_port(loop);
  const auto refused = forwarder.forward(port);
  refused->local->send("GET / HTTP/1.1\r\n\r\n");
  REQUIRE(loop.run_until([&] { return refused->done && refused->local->ended(); }));
  CHECK(refused->done->code() == Errc::kForwardFailed);
  CHECK(refused->done->message().starts_with("error forwarding port " + std::to_string(port) +
                                             " to pod demo, uid u-1: "));
  CHECK(refused->local->received().empty());
  CHECK(refused->local->end().code().value() == UV_ECONNRESET);

  other->local->send("hello");
  RawPeer& peer = target.accept();
  REQUIRE(loop.run_until([&] { return peer.received() == "hello"; }));
  other->local->close();
  REQUIRE(loop.run_until([&] { return peer.ended(); }));
  peer.close();
  REQUIRE(loop.run_until([&] { return other->done.has_value(); }));
  forwarder.close(host);
}

TEST_CASE_METHOD(ForwarderTest,
                 "PortForwarder: local connections that break in the middle disturb no others") {
  constexpr std::size_t kDownloads = 10;
  constexpr std::size_t kAborts = 100;
  const std::string file = patterned_text(1000000);
  std::vector<std::unique_ptr<Forwarded>> downloads;
  for (std::size_t i = 0; i < kDownloads; ++i)
    downloads.push_back(forwarder.forward(target.port()));
  REQUIRE(loop.run_until([&] { return target.peers.size() == kDownloads; }));
  for (const auto& peer : target.peers) {
    for (int i = 0; i < 5; ++i) peer->send(file);
  }
  for (std::size_t i = 0; i < kAborts; ++i) {
    const auto aborted = forwarder.forward(target.port());
    REQUIRE(loop.run_until([&] { return target.peers.size() == kDownloads + i + 1; }));
    RawPeer& peer = *target.peers.back();
    for (int piece = 0; piece < 5; ++piece) peer.send(file);
    // Sometimes with a local side that does not even read.
    if (i % 2 == 0) {
      REQUIRE(loop.run_until([&] { return aborted->local->received().size() > 100000; }));
    }
    aborted->local->vanish();
    REQUIRE(loop.run_until([&] { return aborted->done && peer.ended(); }));
    CHECK(*aborted->done);
  }
  for (std::size_t i = 0; i < kDownloads; ++i) {
    target.peers[i]->shut_down();
    downloads[i]->local->shut_down();
    REQUIRE(loop.run_until([&] { return downloads[i]->done && downloads[i]->local->ended(); }));
    CHECK_THAT(*downloads[i]->done, IsSuccess());
    CHECK(downloads[i]->local->received() == file + file + file + file + file);
  }
  CHECK(forwarder->connections() == 0);
  target.close();
  forwarder.close(host);
}

TEST_CASE_METHOD(
    ForwarderTest,
    "PortForwarder: a download that is cut is a reset, behind what came before the cut") {
  const auto download = forwarder.forward(target.port());
  RawPeer& peer = target.accept();
  download->local->send("GET /4MB HTTP/1.0\r\n\r\n");
  if (GENERATE(false, true)) download->local->shut_down();
  REQUIRE(loop.run_until([&] { return !peer.received().empty(); }));
  // The local program may be slow to read.
  const bool slow = GENERATE(false, true);
  if (slow) download->local->stop_reading();
  const std::string part = patterned_text(1000000);
  peer.send(part);
  REQUIRE(loop.run_until([&] {
    return peer.sent_all() && (slow || download->local->received().size() == part.size());
  }));
  SECTION("by the target") { peer.vanish(); }
  SECTION("by the server") { host.vanish(); }
  SECTION("by this side") { forwarder->close(); }
  loop.run_turns(20);
  download->local->start_reading();
  REQUIRE(loop.run_until([&] { return download->done && download->local->ended(); }));
  CHECK(*download->done);
  CHECK(part.starts_with(download->local->received()));
  if (!slow) CHECK(download->local->received() == part);
  CHECK(download->local->end().code().value() == UV_ECONNRESET);
  forwarder.close(host);
}

TEST_CASE_METHOD(ForwarderTest, "PortForwarder: an upload that is cut is a reset for the target") {
  const auto upload = forwarder.forward(target.port());
  RawPeer& peer = target.accept();
  const std::string part = patterned_text(1000000);
  upload->local->send(part);
  REQUIRE(loop.run_until([&] { return peer.received().size() == part.size(); }));
  upload->local->vanish();
  REQUIRE(loop.run_until([&] { return upload->done && peer.ended(); }));
  CHECK(upload->done->code().value() == UV_ECONNRESET);
  CHECK(peer.received() == part);
  CHECK(peer.end().code().value() == UV_ECONNRESET);
  CHECK_FALSE(forwarder.closed);
  forwarder.close(host);
}

TEST_CASE_METHOD(ForwarderTest,
                 "PortForwarder: an upload that is cut behind the target's end is a reset, too") {
  const auto upload = forwarder.forward(target.port());
  RawPeer& peer = target.accept();
  peer.send("go on");
  peer.shut_down();
  const bool heard = GENERATE(false, true);
  if (heard) REQUIRE(loop.run_until([&] { return upload->local->ended(); }));
  const std::string part = patterned_text(1000000);
  upload->local->send(part);
  REQUIRE(loop.run_until([&] { return peer.received().size() == part.size(); }));
  const int how = GENERATE(0, 1);
  CAPTURE(heard, how);
  if (how == 0) upload->local->vanish();
  if (how == 1) forwarder->close();
  REQUIRE(loop.run_until([&] { return upload->done && peer.ended(); }));
  CHECK(*upload->done);
  CHECK(peer.received() == part);
  CHECK(peer.end().code().value() == UV_ECONNRESET);
  forwarder.close(host);
}

namespace {

/// A server that accepts every stream, and says what a test has it say, as Go's do.
class HandServer {
 public:
  using StreamPtr = std::shared_ptr<httpstream::Stream>;

  explicit HandServer(TestLoop& loop) {
    auto listening = httpstream::HttpServer::listen(
        loop.get(), "127.0.0.1", 0,
        [this](const std::shared_ptr<httpstream::HttpExchange>& exchange) {
          httpstream::HttpResponse response;
          constexpr std::array<std::string_view, 1> kProtocols = {kPortForwardProtocol};
          CHECK_THAT(httpstream::handshake(exchange->request(), response, kProtocols), IsSuccess());
          auto upgraded = httpstream::ResponseUpgrader().upgrade_response(
              *exchange, std::move(response),
              [this](StreamPtr stream, httpstream::StreamDecision decision) {
                decision.accept();
                const bool is_data = stream->headers().get(kHeaderStreamType) == kStreamTypeData;
                (is_data ? data : error) = std::move(stream);
                if (data && error && on_streams) on_streams();
              });
          CHECK_THAT(upgraded, IsSuccess());
          if (upgraded) connection = *upgraded;
        });
    REQUIRE_THAT(listening, IsSuccess());
    http = std::move(*listening);
  }
  HandServer(const HandServer&) = delete;
  HandServer& operator=(const HandServer&) = delete;

  std::unique_ptr<httpstream::HttpServer> http;
  std::shared_ptr<httpstream::Connection> connection;
  StreamPtr error;
  StreamPtr data;
  std::function<void()> on_streams;
};

}  // namespace

TEST_CASE("PortForwarder: a server that is through gets no more, and all it said arrives") {
  TestLoop loop;
  const std::string text = patterned_text(300000);
  HandServer server(loop);
  std::optional<Error> data_closed;
  server.on_streams = [&] {
    server.data->reader().discard();
    server.data->on_close([&](const Error& error) { data_closed = error; });
    CHECK_THAT(server.data->write(Buffer(text)), IsSuccess());
    server.error->close();
    server.data->close();
  };
  TestForwarder forwarder(loop, server.http->port());
  const auto connection = forwarder.forward(80);
  // The local side stays open: a browser that keeps its connection.
  REQUIRE(loop.run_until(
      [&] { return connection->done && connection->local->ended() && data_closed; }));
  CHECK_THAT(*connection->done, IsSuccess());
  CHECK(connection->local->received() == text);
  CHECK_THAT(connection->local->end(), IsSuccess());
  CHECK(data_closed->code() == session::Errc::kStreamReset);
  server.http->close();
  forwarder->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("PortForwarder: a server that ends the streams and then the connection ends in order") {
  TestLoop loop;
  const std::string text = patterned_text(3000000);
  HandServer server(loop);
  server.on_streams = [&] {
    CHECK_THAT(server.data->write(Buffer(text)), IsSuccess());
    server.error->close();
    server.data->close();
    server.data->on_sent([&](const Error&) { server.connection->close(); });
  };
  TestForwarder forwarder(loop, server.http->port());
  const auto connection = forwarder.forward(80);
  // The local program is slow: the end waits behind what it has not taken.
  connection->local->stop_reading();
  REQUIRE(loop.run_until([&] { return forwarder.closed.has_value(); }));
  connection->local->start_reading();
  REQUIRE(loop.run_until([&] { return connection->done && connection->local->ended(); }));
  CHECK(connection->local->received() == text);
  CHECK_THAT(connection->local->end(), IsSuccess());
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE(
    "PortForwarder: a server that ends only the error stream, and says no more, is given up") {
  TestLoop loop;
  HandServer server(loop);
  TestForwarder forwarder(loop, server.http->port(), {.end_grace = 500ms});
  const auto connection = forwarder.forward(80);
  REQUIRE(loop.run_until([&] { return server.data && server.error; }));
  server.data->reader().discard();
  server.error->close();
  std::string sent;
  // As long as it says something there is time.
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(connection->done);
    sent += "words ";
    CHECK_THAT(server.data->write(Buffer::copy_of("words ")), IsSuccess());
    REQUIRE(loop.run_until([&] { return connection->local->received() == sent; }));
    bool waited = false;
    net::Timer timer(loop.get(), [&waited] { waited = true; });
    timer.start(200ms);
    REQUIRE(loop.run_until([&] { return waited; }));
  }
  CHECK_FALSE(connection->done);
  REQUIRE(loop.run_until([&] { return connection->done && connection->local->ended(); }));
  CHECK(connection->done->code() == Errc::kForwardFailed);
  CHECK(connection->local->received() == sent);
  CHECK(connection->local->end().code().value() == UV_ECONNRESET);
  CHECK_FALSE(forwarder.closed);
  server.http->close();
  forwarder->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("PortForwarder: behind a server's text an end of the data is a break") {
  TestLoop loop;
  const std::string part = patterned_text(300000);
  const std::string why = "error forwarding port 80 to pod demo: connection reset by peer";
  HandServer server(loop);
  TestForwarder forwarder(loop, server.http->port());
  const auto connection = forwarder.forward(80);
  connection->local->send("question");
  REQUIRE(loop.run_until([&] { return server.data && server.error; }));
  server.data->reader().discard();
  CHECK_THAT(server.data->write(Buffer(part)), IsSuccess());
  REQUIRE(loop.run_until([&] { return connection->local->received() == part; }));
  CHECK_THAT(server.error->write(Buffer(why)), IsSuccess());
  // The FIN of the data, which waits for nothing, would else leave ahead of the text.
  bool text_sent = false;
  server.error->on_sent([&](const Error& error) { text_sent = !error; });
  server.error->close();
  REQUIRE(loop.run_until([&] { return text_sent; }));
  const bool ends_the_data = GENERATE(false, true);
  if (ends_the_data) server.data->close();
  REQUIRE(loop.run_until(
      [&] { return connection->done && connection->local->ended() && server.data->is_closed(); }));
  CHECK(connection->done->code() == Errc::kForwardFailed);
  CHECK(connection->done->message() == why);
  CHECK(connection->local->received() == part);
  CHECK(connection->local->end().code().value() == UV_ECONNRESET);
  CHECK_FALSE(forwarder.closed);
  server.http->close();
  forwarder->close();
  REQUIRE(loop.run_out());
}

TEST_CASE_METHOD(ForwarderTest, "PortForwarder: a lost connection is told, once to each") {
  const auto established = forwarder.forward(target.port());
  target.accept().send("half");
  REQUIRE(loop.run_until([&] { return established->local->received() == "half"; }));
  const auto starting = forwarder.forward(target.port());
  host.vanish();
  REQUIRE(loop.run_until([&] {
    return forwarder.closed && established->done && starting->done && established->local->ended() &&
           starting->local->ended();
  }));
  CHECK(forwarder.closed->code() == session::Errc::kConnectionLost);
  CHECK(*established->done);
  CHECK(*starting->done);
  CHECK(forwarder->is_closed());
  CHECK(forwarder->connections() == 0);
  const auto late = forwarder.forward(target.port());
  REQUIRE(loop.run_until([&] { return late->done && late->local->ended(); }));
  CHECK(*late->done);
  host.stop_listening();
  REQUIRE(loop.run_out());
}

TEST_CASE_METHOD(ForwarderTest, "PortForwarder: dropped, its connections go on; closed, they end") {
  const auto connection = forwarder.forward(target.port());
  RawPeer& peer = target.accept();
  const bool drop = GENERATE(false, true);
  if (drop) {
    forwarder.drop();
    connection->local->send("question");
    connection->local->shut_down();
    REQUIRE(loop.run_until([&] { return peer.ended(); }));
    CHECK(peer.received() == "question");
    peer.close();
    REQUIRE(loop.run_until([&] { return connection->done.has_value(); }));
    CHECK_THAT(*connection->done, IsSuccess());
    host.vanish();
  } else {
    forwarder->close();
    REQUIRE(loop.run_until([&] { return connection->done && peer.ended() && forwarder.closed; }));
    CHECK_THAT(*forwarder.closed, IsSuccess());
  }
  host.stop_listening();
  REQUIRE(loop.run_out());
}
