// co::Connection, dial and the queues of what comes in: each form and each of its outcomes.

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/coroutine_pair.h"
#include "support/half_pair.h"
#include "support/outside_calls.h"
#include "uvspdy/httpstream/upgrade.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::HalfPair;
using test::IsSuccess;
using test::OutsideCalls;
using test::RawPeer;
using test::TestLoop;

namespace {

const std::error_code kBusy(UV_EBUSY, net::uv_category());

template <class T>
std::error_code code_of(const Result<T>& result) {
  return result ? std::error_code() : result.error().code();
}

}  // namespace

TEST_CASE_METHOD(test::ConnectionsTest,
                 "co::Connection: streams are created and accepted, by either side") {
  const bool by_client = GENERATE(true, false);
  co::Connection& from = by_client ? *pair.client : *pair.server;
  co::Connection& to = by_client ? *pair.server : *pair.client;
  std::vector<std::string> topics;
  const auto create = [&](std::string topic) -> co::Task<> {
    Headers headers;
    headers.add("topic", topic);
    Result<co::Stream> stream = co_await from.create_stream(headers);
    CHECK_THAT(stream, IsSuccess());
    if (stream) (void)co_await stream->read();
  };
  const auto accept = [&]() -> co::Task<> {
    for (;;) {
      Result<co::NewStream> incoming = co_await to.accept();
      if (!incoming) co_return;
      topics.emplace_back(incoming->stream.headers().get("topic").value_or("none"));
      if (topics.size() == 2) continue;  // dropped undecided
      incoming->decision.accept();
      (void)co_await incoming->stream.close();
    }
  };
  std::optional<std::error_code> refused;
  const auto create_refused = [&]() -> co::Task<> {
    refused = code_of(co_await from.create_stream({}));
  };
  // A server's frames wait for the client's first.
  std::optional<std::error_code> pong;
  const auto ping = [&]() -> co::Task<> { pong = code_of(co_await pair.client->ping()); };
  tasks.spawn(ping());
  REQUIRE(loop.run_until([&] { return pong.has_value(); }));
  CHECK(*pong == std::error_code());
  tasks.spawn(accept());
  tasks.spawn(create("one"));
  REQUIRE(loop.run_until([&] { return !topics.empty(); }));
  topics = {"first"};
  tasks.spawn(create_refused());
  REQUIRE(loop.run_until([&] { return refused.has_value(); }));
  CHECK(*refused == session::Errc::kStreamRefused);
  tasks.spawn(create("three"));
  REQUIRE(loop.run_until([&] { return topics.size() == 3; }));
  CHECK(topics == std::vector<std::string>{"first", "none", "three"});
  REQUIRE(loop.run_until([&] { return tasks.size() == 1; }));
  tasks.cancel();
  pair.client.reset();
  pair.server.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("co::Connection: each form hears of a connection that is lost") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const std::shared_ptr<Stream> open = half.stream();
  std::optional<co::Stream> stream(open);
  std::optional<co::Connection> connection;
  connection.emplace(half.connection);
  co::TaskGroup tasks(loop.get());
  std::vector<std::error_code> codes;
  const auto reads = [&]() -> co::Task<> { codes.push_back(code_of(co_await stream->read())); };
  const auto writes = [&]() -> co::Task<> {
    for (;;) {
      const Error error = co_await stream->write(Buffer(std::string(std::size_t{1} << 20, 'x')));
      if (!error) continue;
      codes.push_back(error.code());
      co_return;
    }
  };
  const auto stream_closed = [&]() -> co::Task<> {
    const Error error = co_await stream->closed();
    codes.push_back(error.code());
  };
  const auto creates = [&]() -> co::Task<> {
    codes.push_back(code_of(co_await connection->create_stream({})));
  };
  const auto pings = [&]() -> co::Task<> { codes.push_back(code_of(co_await connection->ping())); };
  const auto connection_closed = [&]() -> co::Task<> {
    const Error error = co_await connection->closed();
    codes.push_back(error.code());
  };
  tasks.spawn(reads());
  half.peer->stop_reading();
  tasks.spawn(writes());
  tasks.spawn(stream_closed());
  tasks.spawn(creates());
  tasks.spawn(creates());
  tasks.spawn(pings());
  tasks.spawn(connection_closed());
  loop.run_turns(50);
  CHECK(codes.empty());
  half.peer->vanish();
  REQUIRE(loop.run_until([&] { return codes.size() == 7; }));
  CHECK(tasks.size() == 0);
  for (const std::error_code& code : codes) CHECK(code == session::Errc::kConnectionLost);
  stream.reset();
  connection.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("co::Connection: a stream that nobody waits for any more is reset") {
  TestLoop loop;
  HalfPair half(loop, session::Role::kClient);
  const co::Connection connection(half.connection);
  {
    co::TaskGroup tasks(loop.get());
    const auto create = [&]() -> co::Task<> { (void)co_await connection.create_stream({}); };
    tasks.spawn(create());
    REQUIRE(loop.run_until([&] { return !half.frames().empty(); }));
  }
  half.send(wire::SynReplyFrame{.stream_id = 1});
  REQUIRE(loop.run_until([&] { return half.frames().back() == "RST_STREAM 1 CANCEL"; }));
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("co::Connection: more streams than anybody accepts are refused") {
  TestLoop loop;
  const co::IncomingStreams incoming;
  HalfPair half(loop, session::Role::kServer);
  std::optional<co::Connection> connection;
  connection.emplace(half.connection, incoming);
  for (std::uint32_t id = 1; id <= 2 * co::kAcceptBacklog + 1; id += 2) {
    half.send(wire::SynStreamFrame{.stream_id = id});
  }
  const std::string refused =
      "RST_STREAM " + std::to_string(2 * co::kAcceptBacklog + 1) + " REFUSED_STREAM";
  REQUIRE(loop.run_until([&] {
    const auto frames = half.frames();
    return !frames.empty() && frames.back() == refused;
  }));
  CHECK(half.frames().size() == 1);
  // Those that the peer resets make room.
  half.send(wire::RstStreamFrame{.stream_id = 1, .status = wire::RstStatus::kCancel});
  half.send(wire::PingFrame{1});
  REQUIRE(loop.run_until([&] { return half.frames().back() == "PING 1"; }));
  half.send(wire::SynStreamFrame{.stream_id = 2 * co::kAcceptBacklog + 3});
  half.send(wire::PingFrame{3});
  REQUIRE(loop.run_until([&] { return half.frames().back() == "PING 3"; }));
  CHECK(half.frames() == test::Lines{refused, "PING 1", "PING 3"});
  half.peer->close();
  connection.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE_METHOD(test::ConnectionsTest,
                 "co::Connection: accept without a queue says so, and a second accept too") {
  std::vector<std::error_code> codes;
  const auto accept = [&](const co::Connection& connection) -> co::Task<> {
    codes.push_back(code_of(co_await connection.accept()));
  };
  SECTION("without") {
    HalfPair half(loop, session::Role::kClient);
    std::optional<co::Connection> connection(half.connection);
    tasks.spawn(accept(*connection));
    REQUIRE(loop.run_until([&] { return !codes.empty(); }));
    CHECK(codes[0] == std::error_code(UV_ENOTSUP, net::uv_category()));
    half.peer->close();
    connection.reset();
  }
  SECTION("second") {
    tasks.spawn(accept(*pair.server));
    tasks.spawn(accept(*pair.server));
    REQUIRE(loop.run_until([&] { return !codes.empty(); }));
    CHECK(codes == std::vector<std::error_code>{kBusy});
  }
  tasks.cancel();
  pair.client.reset();
  pair.server.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("co::dial: a connection, or why there is none") {
  TestLoop loop;
  const co::IncomingRequests requests;
  auto listening = HttpServer::listen(loop.get(), "127.0.0.1", 0, requests.handler());
  REQUIRE_THAT(listening, IsSuccess());
  Url url{.host = "127.0.0.1", .port = (*listening)->port()};
  co::TaskGroup tasks(loop.get());
  const auto answer = [&](bool upgrades) -> co::Task<> {
    const auto exchange = co_await requests.accept();
    CHECK_THAT(exchange, IsSuccess());
    if (!exchange) co_return;
    if (!upgrades) {
      (*exchange)->respond({403, {}, {}, "no\n"});
      co_return;
    }
    HttpResponse response;
    response.headers.add(kHeaderProtocolVersion, "echo");
    Result<co::Connection> connection =
        co::upgrade_response(ResponseUpgrader(), **exchange, response);
    CHECK_THAT(connection, IsSuccess());
    if (!connection) co_return;
    const Error error = co_await connection->closed();
    CHECK_THAT(error, IsSuccess());
  };
  std::optional<std::error_code> dialed;
  OutsideCalls outside;
  const auto dial = [&]() -> co::Task<> {
    std::vector<std::string> protocols = {"echo"};
    // The dialer is dropped at once.
    Result<co::Dialed> result = co_await co::dial(Dialer(loop.get(), url), protocols);
    CHECK(outside.holds());
    dialed = code_of(result);
    if (!result) co_return;
    CHECK(result->protocol == "echo");
    const Error error = co_await result->connection.close();
    CHECK_THAT(error, IsSuccess());
  };
  std::error_code expected;
  SECTION("upgraded") { tasks.spawn(answer(true)); }
  SECTION("refused by the server") {
    tasks.spawn(answer(false));
    expected = Errc::kUpgradeFailed;
  }
  SECTION("nobody listens") {
    (*listening)->close();
    loop.run_turns(3);
    expected = std::error_code(UV_ECONNREFUSED, net::uv_category());
  }
  tasks.spawn(dial());
  REQUIRE(loop.run_until([&] { return dialed.has_value() && tasks.size() == 0; }));
  CHECK(*dialed == expected);
  (*listening)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("co::IncomingRequests: past the backlog clients are told to come later") {
  TestLoop loop;
  const co::IncomingRequests requests;
  auto listening = HttpServer::listen(loop.get(), "127.0.0.1", 0, requests.handler());
  REQUIRE_THAT(listening, IsSuccess());
  std::vector<std::unique_ptr<RawPeer>> clients;
  for (std::size_t i = 0; i <= co::kAcceptBacklog; ++i) {
    clients.push_back(RawPeer::connect(loop, (*listening)->port()));
    clients.back()->send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  const auto refused = [](const std::unique_ptr<RawPeer>& client) { return client->ended(); };
  REQUIRE(
      loop.run_until([&] { return std::count_if(clients.begin(), clients.end(), refused) == 1; }));
  const auto found = std::find_if(clients.begin(), clients.end(), refused);
  CHECK((*found)->received().starts_with("HTTP/1.1 503 "));
  // The others are served; each answer ends its connection.
  co::TaskGroup tasks(loop.get());
  std::size_t served = 0;
  const auto serve = [&]() -> co::Task<> {
    while (const auto exchange = co_await requests.accept()) {
      (*exchange)->respond({204, {}, {}, {}});
      ++served;
    }
  };
  tasks.spawn(serve());
  REQUIRE(loop.run_until([&] { return served == co::kAcceptBacklog; }));
  for (const auto& client : clients) client->close();
  tasks.cancel();
  (*listening)->close();
  REQUIRE(loop.run_out());
}
