// Both sides of an upgrade over HttpServer: Dialer with ResponseUpgrader, and clients by hand.

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "httpstream/dial_attempt.h"
#include "support/frame_lines.h"
#include "support/frame_writer.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::DialAttempt;
using test::FrameReader;
using test::FrameWriter;
using test::IsSuccess;
using test::Lines;
using test::RawPeer;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

constexpr std::array<std::string_view, 2> kProtocols = {"v4", "v1"};

constexpr const char* kUpgradeRequest =
    "POST /exec HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
    "X-Stream-Protocol-Version: v4\r\nContent-Length: 0\r\n\r\n";

/// Sends back what comes, until the peer's end.
void echo(std::shared_ptr<Stream> stream, StreamDecision decision) {
  stream->on_data([stream](Bytes bytes) { (void)stream->write(Buffer::copy_of(bytes)); });
  stream->on_end([stream](const Error&) { stream->close(); });
  decision.accept();
}

/// A server that upgrades every request, as an embedder writes one.
struct UpgradeServer {
  ConnectionOptions options;
  NewStreamHandler on_stream = echo;
  HttpResponse response;  // that upgrading starts from
  std::unique_ptr<HttpServer> http;
  std::shared_ptr<Connection> connection;
  Error error;
  std::string protocol;

  explicit UpgradeServer(TestLoop& loop) {
    auto listening = HttpServer::listen(
        loop.get(), "127.0.0.1", 0,
        [this](const std::shared_ptr<HttpExchange>& exchange) { serve(*exchange); });
    REQUIRE_THAT(listening, IsSuccess());
    http = std::move(*listening);
  }

  void serve(HttpExchange& exchange) {
    HttpResponse answer = response;
    const Result<std::string> chosen = handshake(exchange.request(), answer, kProtocols);
    if (!chosen) {
      error = chosen.error();
      return exchange.respond(std::move(answer));
    }
    protocol = *chosen;
    auto upgraded =
        ResponseUpgrader(options).upgrade_response(exchange, answer, std::move(on_stream));
    if (!upgraded) {
      error = upgraded.error();
    } else {
      connection = std::move(*upgraded);
    }
  }
};

/// The frames behind the head of what a client by hand has received.
Lines frames_of(const RawPeer& client) {
  const std::size_t head = client.received().find("\r\n\r\n");
  if (head == std::string::npos) return {};
  return FrameReader().read(bytes_of(client.received()).subspan(head + 4));
}

}  // namespace

TEST_CASE("Upgrade: the client's first protocol that the server knows, and an echo") {
  TestLoop loop;
  UpgradeServer server(loop);
  DialAttempt attempt(loop, server.http->port(), {"v5", "v1", "v4"});
  const auto connection = attempt.connection();
  CHECK((*attempt.result()).protocol == "v1");
  CHECK(server.protocol == "v1");
  std::string received;
  bool closed = false;
  std::shared_ptr<Stream> kept;
  connection->create_stream({{"streamType", "data"}}, [&](Result<std::shared_ptr<Stream>> stream) {
    CHECK_THAT(stream, IsSuccess());
    if (!stream) return;
    kept = *stream;
    (*stream)->on_data([&](Bytes bytes) { received += text_of(bytes); });
    (*stream)->on_close([&](const Error& error) {
      CHECK_THAT(error, IsSuccess());
      closed = true;
    });
    CHECK_THAT((*stream)->write(Buffer::copy_of("hello")), IsSuccess());
    (*stream)->close();
  });
  REQUIRE(loop.run_until([&] { return closed; }));
  CHECK(received == "hello");
  connection->close();
  server.http->close();
  REQUIRE(loop.run_out());
  CHECK(server.connection->is_closed());
}

TEST_CASE("Upgrade: no common protocol: 403 with the server's protocols, as Go has it") {
  TestLoop loop;
  UpgradeServer server(loop);
  DialAttempt attempt(loop, server.http->port(), {"v5", "v6"});
  const Error& error = attempt.error();
  CHECK(is_upgrade_failure(error));
  const UpgradeFailure* failure = upgrade_failure(error);
  REQUIRE(failure != nullptr);
  CHECK(failure->status == 403);
  CHECK(failure->headers.values("X-Accepted-Stream-Protocol-Versions") ==
        std::vector<std::string_view>{"v4", "v1"});
  CHECK(failure->body.find("v5") != std::string::npos);
  CHECK(server.error.code() == Errc::kNoCommonProtocol);
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Upgrade: without the upgrade's headers: 400 and a text") {
  TestLoop loop;
  UpgradeServer server(loop);
  const std::string headers = GENERATE("", "Connection: Upgrade\r\n", "Upgrade: SPDY/3.1\r\n",
                                       "Connection: Upgrade\r\nUpgrade: websocket\r\n");
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send("GET / HTTP/1.1\r\nHost: h\r\nX-Stream-Protocol-Version: v4\r\n" + headers + "\r\n");
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  CHECK(client->received().starts_with("HTTP/1.1 400 Bad Request\r\n"));
  CHECK(client->received().find("SPDY/3.1") != std::string::npos);
  CHECK(server.error.code() == Errc::kNotAnUpgrade);
  CHECK(server.connection == nullptr);
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Upgrade: without a protocol: 400 and a text") {
  TestLoop loop;
  UpgradeServer server(loop);
  DialAttempt attempt(loop, server.http->port(), {});
  const UpgradeFailure* failure = upgrade_failure(attempt.error());
  REQUIRE(failure != nullptr);
  CHECK(failure->status == 400);
  CHECK(failure->body.find("X-Stream-Protocol-Version") != std::string::npos);
  CHECK(server.error.code() == Errc::kNoProtocol);
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Upgrade: the 101 to the letter") {
  TestLoop loop;
  UpgradeServer server(loop);
  server.response.headers = {{"X-More", "y"}};
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send(kUpgradeRequest);
  REQUIRE(loop.run_until([&] { return client->received().ends_with("\r\n\r\n"); }));
  const auto response = parse_response_head(client->received());
  REQUIRE_THAT(response, IsSuccess());
  CHECK(response->status == 101);
  CHECK(response->reason == "Switching Protocols");
  CHECK(response->headers.values("Connection") == std::vector<std::string_view>{"Upgrade"});
  CHECK(response->headers.values("Upgrade") == std::vector<std::string_view>{"SPDY/3.1"});
  CHECK(response->headers.values("X-Stream-Protocol-Version") ==
        std::vector<std::string_view>{"v4"});
  CHECK(response->headers.get("X-More").value_or("") == "y");
  CHECK_FALSE(response->headers.get("Content-Length").has_value());
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Upgrade: a response that cannot be sent is a 500, and an error here") {
  TestLoop loop;
  UpgradeServer server(loop);
  server.response.headers = {{"X-More", "y\r\nInjected: z"}};
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send(kUpgradeRequest);
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  CHECK(client->received().starts_with("HTTP/1.1 500 "));
  CHECK(server.error.code() == Errc::kBadHead);
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Upgrade: of a request that has been answered already is an error") {
  TestLoop loop;
  std::optional<Error> error;
  auto listening = HttpServer::listen(
      loop.get(), "127.0.0.1", 0, [&](const std::shared_ptr<HttpExchange>& exchange) {
        exchange->respond({200, {}, {}, "answered"});
        const auto connection = ResponseUpgrader().upgrade_response(*exchange, {}, echo);
        error = connection ? Error() : connection.error();
      });
  REQUIRE_THAT(listening, IsSuccess());
  const auto client = RawPeer::connect(loop, (*listening)->port());
  client->send(kUpgradeRequest);
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  REQUIRE(error);
  CHECK(*error);
  CHECK(client->received().ends_with("answered"));
  client->close();
  (*listening)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Upgrade: the client's first frames in the same write as its request") {
  TestLoop loop;
  UpgradeServer server(loop);
  FrameWriter writer;
  std::string frames(text_of(writer.bytes(wire::SynStreamFrame{.stream_id = 1})));
  frames += text_of(writer.data(1, "at once", true));
  // All of it, part of a frame, or no more than the head comes first.
  const std::size_t cut =
      GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{12}, std::size_t{1000});
  const std::string first = frames.substr(0, std::min(cut, frames.size()));
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send(kUpgradeRequest + first);
  REQUIRE(loop.run_until([&] { return server.connection != nullptr; }));
  client->send(frames.substr(first.size()));
  REQUIRE(loop.run_until([&] { return frames_of(*client).size() >= 5; }));
  CHECK(frames_of(*client) == Lines{"SETTINGS 4=4096 7=65536", "WINDOW_UPDATE 0 4128768", "PING 2",
                                    "SYN_REPLY 1 {}", "DATA 1 'at once' FIN"});
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Upgrade: nothing follows the 101 until the client's first frame has come") {
  TestLoop loop;
  UpgradeServer server(loop);
  server.options.session.ping_period = 1ms;
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send(kUpgradeRequest);
  // The server has things to say: streams of its own. Its PINGs begin behind the client's frame.
  std::size_t created = 0;
  REQUIRE(loop.run_until([&] { return server.connection != nullptr; }));
  for (const char* name : {"a", "b", "c", "d"}) {
    server.connection->create_stream({{name, "1"}}, [&](Result<std::shared_ptr<Stream>> stream) {
      if (stream) ++created;
    });
  }
  REQUIRE(loop.run_until([&] { return client->received().ends_with("\r\n\r\n"); }));
  loop.run_turns(20);
  CHECK(client->received().ends_with("\r\n\r\n"));
  CHECK(client->received().find("\r\n\r\n") == client->received().size() - 4);
  CHECK(created == 0);

  FrameWriter writer;
  client->send(writer.bytes(wire::PingFrame{1}));
  REQUIRE(loop.run_until([&] { return frames_of(*client).size() >= 8; }));
  const Lines frames = frames_of(*client);
  CHECK(frames[0].starts_with("SETTINGS"));
  CHECK(frames[3] == "PING 1");  // the answer goes first behind the opening
  CHECK(std::count(frames.begin(), frames.end(), "SYN_STREAM 2 {a: 1}") == 1);
  client->send(writer.bytes(wire::SynReplyFrame{.stream_id = 2}));
  REQUIRE(loop.run_until([&] { return created == 1; }));
  server.connection->abort();
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Upgrade: a client that vanishes behind its request") {
  TestLoop loop;
  UpgradeServer server(loop);
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send(kUpgradeRequest);
  REQUIRE(loop.run_until([&] { return server.connection != nullptr; }));
  bool closed = false;
  server.connection->on_close([&](const Error&) { closed = true; });
  SECTION("in order") { client->close(); }
  SECTION("by a reset") { client->vanish(); }
  REQUIRE(loop.run_until([&] { return closed; }));
  server.http->close();
  REQUIRE(loop.run_out());
}
