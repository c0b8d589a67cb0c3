// The client's side of an upgrade against a server that does what the test says.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "httpstream/dial_attempt.h"
#include "support/frame_lines.h"
#include "support/frame_writer.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/httpstream/upgrade_round_tripper.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::DialAttempt;
using test::FrameReader;
using test::FrameWriter;
using test::IsSuccess;
using test::Lines;
using test::RawPeer;
using test::RawServer;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

constexpr const char* kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
    "X-Stream-Protocol-Version: v4\r\n\r\n";

std::string text(const std::vector<std::uint8_t>& bytes) { return std::string(text_of(bytes)); }

/// Accepts the attempt's connection and reads its request.
RawPeer& request_of(TestLoop& loop, RawServer& server) {
  RawPeer& peer = server.accept();
  REQUIRE(loop.run_until([&] { return peer.received().ends_with("\r\n\r\n"); }));
  return peer;
}

/// Whoever failed has closed its connection, and the loop can end.
void check_clean_end(TestLoop& loop, RawPeer& peer, const DialAttempt& attempt) {
  REQUIRE(loop.run_until([&] { return peer.ended(); }));
  peer.close();
  REQUIRE(loop.run_out());
  CHECK(attempt.calls() == 1);
}

}  // namespace

TEST_CASE("Dialer: the request that it sends") {
  TestLoop loop;
  RawServer server(loop);
  DialerOptions options;
  options.headers = {{"Authorization", "Bearer x"}, {"Accept", "a"}, {"Accept", "b"}};
  const bool get = GENERATE(false, true);
  if (get) options.method = "GET";
  DialAttempt attempt(loop, server.port(), {"v4", "v1"}, options);
  RawPeer& peer = request_of(loop, server);
  const auto request = parse_request_head(peer.received());
  REQUIRE_THAT(request, IsSuccess());
  CHECK(request->method == (get ? "GET" : "POST"));
  CHECK(request->target == "/exec?command=ls");
  const Headers& headers = request->headers;
  CHECK(headers.get("Host").value_or("") == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(headers.get("Connection").value_or("") == "Upgrade");
  CHECK(headers.get("Upgrade").value_or("") == "SPDY/3.1");
  CHECK(headers.get("Content-Length").value_or("") == (get ? "" : "0"));
  CHECK(headers.get("Authorization").value_or("") == "Bearer x");
  CHECK(headers.values("Accept") == std::vector<std::string_view>{"a", "b"});
  CHECK(headers.values("X-Stream-Protocol-Version") == std::vector<std::string_view>{"v4", "v1"});
  CHECK_FALSE(attempt.over());
  peer.close();
  CHECK(attempt.error().code() == Errc::kConnectionLost);
  REQUIRE(loop.run_out());
}

TEST_CASE("Dialer: an upgrade gives a connection and the protocol, however the 101 is cut") {
  TestLoop loop;
  RawServer server(loop);
  DialAttempt attempt(loop, server.port(), {"v5", "v4"});
  RawPeer& peer = request_of(loop, server);
  const std::string answer = kSwitch;
  SECTION("in one piece") { peer.send(answer); }
  SECTION("byte by byte") {
    for (const char byte : answer) peer.send(std::string(1, byte));
  }
  const auto connection = attempt.connection();
  CHECK((*attempt.result()).protocol == "v4");
  CHECK(connection->peer() == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(connection->loop() == loop.get());
  connection->close();
  REQUIRE(loop.run_until([&] { return peer.ended(); }));
  const std::string frames = peer.received().substr(peer.received().find("\r\n\r\n") + 4);
  CHECK(FrameReader().read(bytes_of(frames)) == Lines{"GOAWAY 0 OK"});
  peer.close();
  REQUIRE(loop.run_out());
  CHECK(attempt.calls() == 1);
}

TEST_CASE("Dialer: frames right behind the 101 in the same write are not lost") {
  TestLoop loop;
  RawServer server(loop);
  DialerOptions options;
  std::string received;
  bool ended = false;
  auto on_new_stream = [&](std::shared_ptr<Stream> stream, StreamDecision decision) {
    CHECK(stream->headers() == Headers{{"a", "b"}});
    stream->on_data([&](Bytes bytes) { received += text_of(bytes); });
    stream->on_end([&ended, stream](const Error&) {
      ended = true;
      stream->close();
    });
    decision.accept();
  };
  DialAttempt attempt(loop, server.port(), {"v4"}, options);
  RawPeer& peer = request_of(loop, server);
  FrameWriter writer;
  const std::string frames =
      text(writer.bytes(wire::PingFrame{2})) +
      text(writer.bytes(wire::SynStreamFrame{.stream_id = 2, .headers = {{"a", "b"}}})) +
      text(writer.data(2, "early bird", true));
  // The frames whole behind the 101, or cut in their middle: the rest comes later.
  const std::size_t cut =
      GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{20}, std::size_t{1000});
  const std::string first = frames.substr(0, std::min(cut, frames.size()));
  peer.send(kSwitch + first);
  const auto connection = attempt.connection();
  connection->on_new_stream(std::move(on_new_stream));
  peer.send(frames.substr(first.size()));
  REQUIRE(loop.run_until([&] { return ended; }));
  CHECK(received == "early bird");
  const std::size_t request_size = peer.received().find("\r\n\r\n") + 4;
  Lines answers;
  REQUIRE(loop.run_until([&] {
    answers = FrameReader().read(bytes_of(peer.received()).subspan(request_size));
    return answers.size() >= 6;
  }));
  // Behind what every session opens with.
  CHECK(answers == Lines{"SETTINGS 4=4096 7=65536", "WINDOW_UPDATE 0 4128768", "PING 1", "PING 2",
                         "SYN_REPLY 2 {}", "DATA 2 '' FIN"});
  connection->close();
  REQUIRE(loop.run_until([&] { return peer.ended(); }));
  peer.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Dialer: a refusal carries status, reason, headers and body") {
  TestLoop loop;
  RawServer server(loop);
  DialAttempt attempt(loop, server.port(), {"v4"});
  RawPeer& peer = request_of(loop, server);
  const std::string head = "HTTP/1.1 403 No Way\r\nX-Accepted-Stream-Protocol-Versions: v9\r\n";
  const std::string body = "no common protocol\nsecond line\n";
  SECTION("whose body has a length") {
    peer.send(head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  SECTION("whose body comes in pieces, with more behind it") {
    peer.send(head + "Content-Length: " + std::to_string(body.size()) + "\r\n");
    peer.send("\r\n" + body.substr(0, 3));
    peer.send(body.substr(3) + "trailing garbage");
  }
  SECTION("whose body ends with the connection") {
    peer.send(head + "\r\n" + body);
    peer.shut_down();
  }
  SECTION("whose body ends with the connection, its length being none") {
    peer.send(head + "Content-Length: many\r\n\r\n" + body);
    peer.shut_down();
  }
  const Error& error = attempt.error();
  CHECK(error.code() == Errc::kUpgradeFailed);
  CHECK(is_upgrade_failure(error));
  CHECK(error.message().find("403 No Way") != std::string::npos);
  CHECK(error.message().find("no common protocol") != std::string::npos);
  CHECK(error.message().find('\n') == std::string::npos);  // one line
  const UpgradeFailure* failure = upgrade_failure(error);
  REQUIRE(failure != nullptr);
  CHECK(failure->status == 403);
  CHECK(failure->reason == "No Way");
  CHECK(failure->headers.get("X-Accepted-Stream-Protocol-Versions").value_or("") == "v9");
  CHECK(failure->body == body);
  check_clean_end(loop, peer, attempt);
}

TEST_CASE("Dialer: of a body without end no more than kMaxErrorBody is read and kept") {
  TestLoop loop;
  RawServer server(loop);
  DialAttempt attempt(loop, server.port(), {"v4"});
  RawPeer& peer = request_of(loop, server);
  const bool length = GENERATE(false, true);
  peer.send(std::string("HTTP/1.1 500 Oh\r\n") +
            (length ? "Content-Length: 99999999999999999999\r\n" : "") + "\r\n" +
            std::string(2 * kMaxErrorBody, 'x'));
  const UpgradeFailure* failure = upgrade_failure(attempt.error());
  REQUIRE(failure != nullptr);
  CHECK(failure->body.size() == kMaxErrorBody);
  check_clean_end(loop, peer, attempt);
}

TEST_CASE("Dialer: a 101 that is none for us is a failed upgrade") {
  TestLoop loop;
  RawServer server(loop);
  DialAttempt attempt(loop, server.port(), {"v4"});
  RawPeer& peer = request_of(loop, server);
  SECTION("without upgrade headers") {
    peer.send("HTTP/1.1 101 Switching Protocols\r\nX-Stream-Protocol-Version: v4\r\n\r\n");
    const UpgradeFailure* failure = upgrade_failure(attempt.error());
    REQUIRE(failure != nullptr);
    CHECK(failure->status == 101);
    CHECK(failure->headers.get("X-Stream-Protocol-Version").value_or("") == "v4");
  }
  SECTION("to something else") {
    peer.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "X-Stream-Protocol-Version: v4\r\n\r\n");
    CHECK(upgrade_failure(attempt.error()) != nullptr);
  }
  SECTION("with a protocol that was not offered") {
    peer.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
        "X-Stream-Protocol-Version: v9\r\n\r\n");
    CHECK(attempt.error().message().find("'v9'") != std::string::npos);
  }
  SECTION("with no protocol") {
    peer.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
        "\r\n");
  }
  CHECK(is_upgrade_failure(attempt.error()));
  check_clean_end(loop, peer, attempt);
}

TEST_CASE("Dialer: a server that does not speak HTTP/1.1") {
  TestLoop loop;
  RawServer server(loop);
  DialAttempt attempt(loop, server.port(), {"v4"});
  RawPeer& peer = request_of(loop, server);
  Errc expected = Errc::kBadHead;
  SECTION("another greeting") { peer.send("SSH-2.0-OpenSSH_9.2\r\n\r\n"); }
  SECTION("SPDY at once") { peer.send(text(FrameWriter().bytes(wire::PingFrame{2})) + "\r\n\r\n"); }
  SECTION("another greeting, and it waits for ours") { peer.send("SSH-2.0-OpenSSH_9.2\r\n"); }
  SECTION("a TLS alert") { peer.send("\x15\x03\x03"); }
  SECTION("a broken field") { peer.send("HTTP/1.1 101 OK\r\nbroken field\r\n\r\n"); }
  SECTION("a head without end") {
    peer.send("HTTP/1.1 101 OK\r\nA: " + std::string(100000, 'a'));
    expected = Errc::kHeadTooLarge;
  }
  SECTION("too many fields") {
    std::string head = "HTTP/1.1 101 OK\r\n";
    for (std::size_t i = 0; i <= kMaxHeadFields; ++i) head += "A: b\r\n";
    peer.send(head + "\r\n");
    expected = Errc::kHeadTooLarge;
  }
  CHECK(attempt.error().code() == expected);
  CHECK_FALSE(is_upgrade_failure(attempt.error()));
  check_clean_end(loop, peer, attempt);
}

TEST_CASE("Dialer: a server that closes without an answer") {
  TestLoop loop;
  RawServer server(loop);
  DialAttempt attempt(loop, server.port(), {"v4"});
  RawPeer& peer = request_of(loop, server);
  SECTION("in order") { peer.close(); }
  SECTION("by a reset") { peer.vanish(); }
  SECTION("in the middle of its head") {
    peer.send("HTTP/1.1 101 Swi");
    peer.shut_down();
  }
  CHECK(attempt.error().code() == Errc::kConnectionLost);
  CHECK(upgrade_failure(attempt.error()) == nullptr);
  peer.close();
  REQUIRE(loop.run_out());
  CHECK(attempt.calls() == 1);
}

TEST_CASE("Dialer: a server that never answers, or not to the end") {
  TestLoop loop;
  RawServer server(loop);
  DialerOptions options;
  options.route.response_timeout = 50ms;
  DialAttempt attempt(loop, server.port(), {"v4"}, options);
  RawPeer& peer = request_of(loop, server);
  SECTION("at all") {}
  SECTION("its head") { peer.send("HTTP/1.1 101 Switching Protocols\r\n"); }
  SECTION("the body of a refusal, which is told as far as it goes") {
    peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nno");
    const UpgradeFailure* failure = upgrade_failure(attempt.error());
    REQUIRE(failure != nullptr);
    CHECK(failure->status == 403);
    CHECK(failure->body == "no");
    check_clean_end(loop, peer, attempt);
    return;
  }
  CHECK(attempt.error().code() == Errc::kTimeout);
  check_clean_end(loop, peer, attempt);
}

TEST_CASE("Dialer: nobody listens") {
  TestLoop loop;
  std::uint16_t port = 0;
  {
    RawServer server(loop);
    port = server.port();
  }
  DialAttempt attempt(loop, port, {"v4"});
  CHECK(attempt.error().code() == std::error_code(UV_ECONNREFUSED, net::uv_category()));
  REQUIRE(loop.run_out());
  CHECK(attempt.calls() == 1);
}

TEST_CASE("Dialer: a request that would not come out as one is refused before connecting") {
  TestLoop loop;
  RawServer server(loop);
  DialerOptions options;
  SECTION("a line end in a value") {
    options.headers = {{"Authorization", "Bearer x\r\nInjected: y"}};
  }
  SECTION("a lone LF") { options.headers = {{"Authorization", "Bearer x\nInjected: y"}}; }
  SECTION("a lone CR") { options.headers = {{"Authorization", "Bearer x\rInjected: y"}}; }
  SECTION("a line end in a name") { options.headers = {{"A: b\r\nC", "d"}}; }
  SECTION("a line end in the method") { options.method = "GET / HTTP/1.1\r\nA:"; }
  DialAttempt attempt(loop, server.port(), {"v4"}, options);
  CHECK(attempt.error().code() == Errc::kBadHead);
  loop.run_turns(10);
  CHECK(server.peers.empty());
  server.close();
  REQUIRE(loop.run_out());
  CHECK(attempt.calls() == 1);
}

TEST_CASE("UpgradeRoundTripper: any status is an answer, and a connection is made of a 101") {
  TestLoop loop;
  RawServer server(loop);
  const UpgradeRoundTripper tripper(loop.get(), {});
  Url url;
  url.host = "127.0.0.1";
  url.port = server.port();
  std::optional<Result<UpgradeResponse>> answer;
  tripper.round_trip(url, {"POST", "", {}},
                     [&](Result<UpgradeResponse> response) { answer = std::move(response); });
  RawPeer& peer = request_of(loop, server);
  SECTION("a refusal") {
    peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
    REQUIRE(loop.run_until([&] { return answer.has_value(); }));
    REQUIRE_THAT(*answer, IsSuccess());
    CHECK((*answer)->response.status == 404);
    CHECK((*answer)->response.body == "gone");
    CHECK((*answer)->transport == nullptr);
    const auto connection = tripper.new_connection(std::move(**answer));
    REQUIRE_FALSE(connection);
    const UpgradeFailure* failure = upgrade_failure(connection.error());
    REQUIRE(failure != nullptr);
    CHECK(failure->body == "gone");
  }
  SECTION("an upgrade") {
    peer.send(std::string(kSwitch) + "behind");
    REQUIRE(loop.run_until([&] { return answer.has_value(); }));
    REQUIRE_THAT(*answer, IsSuccess());
    CHECK((*answer)->response.status == 101);
    REQUIRE((*answer)->transport != nullptr);
    CHECK(text_of((*answer)->already_read.bytes()) == "behind");
    const auto connection = tripper.new_connection(std::move(**answer));
    REQUIRE_THAT(connection, IsSuccess());
    (*connection)->abort();
  }
  REQUIRE(loop.run_until([&] { return peer.ended(); }));
  peer.close();
  REQUIRE(loop.run_out());
}
