#include "uvspdy/httpstream/http_server.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/patterned_text.h"
#include "support/raw_peer.h"
#include "support/test_loop.h"
#include "support/tls_pair.h"
#include "uvspdy/httpstream/http_head.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;
using test::RawPeer;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

using Exchange = std::shared_ptr<HttpExchange>;

/// A server that keeps the exchanges it is handed and the lines it logs.
struct Server {
  std::unique_ptr<HttpServer> http;
  std::vector<Exchange> exchanges;
  std::vector<std::string> log;
  std::function<void()> on_request = [] {};

  explicit Server(TestLoop& loop, std::chrono::milliseconds head_timeout = test::kDeadline) {
    HttpServerOptions options;
    options.head_timeout = head_timeout;
    options.log = [this](std::string_view line) { log.emplace_back(line); };
    auto listening = HttpServer::listen(
        loop.get(), "127.0.0.1", 0,
        [this](Exchange exchange) {
          exchanges.push_back(std::move(exchange));
          on_request();
        },
        std::move(options));
    REQUIRE_THAT(listening, IsSuccess());
    http = std::move(*listening);
  }
};

/// A whole response as a client got it, which must be followed by an orderly end.
HttpResponse whole_response(const RawPeer& client) {
  INFO(client.received().substr(0, 200));
  CHECK(client.ended());
  CHECK_THAT(client.end(), IsSuccess());
  const std::size_t end = client.received().find("\r\n\r\n");
  REQUIRE(end != std::string::npos);
  auto response = parse_response_head(client.received().substr(0, end + 4));
  REQUIRE_THAT(response, IsSuccess());
  response->body = client.received().substr(end + 4);
  CHECK(response->headers.get("Content-Length").value_or("") ==
        std::to_string(response->body.size()));
  CHECK(response->headers.get("Connection") == "close");
  return std::move(*response);
}

}  // namespace

TEST_CASE("HttpServer: hands over the request, the peer, and sends the response") {
  TestLoop loop;
  Server server(loop);
  const auto client = RawPeer::connect(loop, server.http->port());
  const std::string request = "GET /api?x=1 HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n";
  // However it is cut.
  SECTION("in one piece") { client->send(request); }
  SECTION("byte by byte") {
    for (const char byte : request) client->send(std::string(1, byte));
  }
  REQUIRE(loop.run_until([&] { return !server.exchanges.empty(); }));
  const Exchange exchange = server.exchanges.front();
  CHECK(exchange->request().method == "GET");
  CHECK(exchange->request().target == "/api?x=1");
  CHECK(exchange->request().headers == Headers{{"Host", "h"}, {"A", "b"}});
  CHECK(exchange->peer().starts_with("127.0.0.1:"));

  // Answered later, and once.
  loop.run_turns(3);
  exchange->respond({404, {}, {{"X", "y"}}, "not here\n"});
  exchange->respond({200, {}, {}, "a second answer"});
  CHECK(exchange->take_over().transport == nullptr);
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  const HttpResponse response = whole_response(*client);
  CHECK(response.status == 404);
  CHECK(response.reason == "Not Found");
  CHECK(response.headers.get("X") == "y");
  CHECK(response.body == "not here\n");
  CHECK(server.log.empty());
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: a response that cannot be sent becomes a 500") {
  TestLoop loop;
  Server server(loop);
  server.on_request = [&] { server.exchanges[0]->respond({200, {}, {{"A", "x\r\nB: y"}}, {}}); };
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  CHECK(whole_response(*client).status == 500);
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: an interim answer is no answer, and becomes a 500") {
  TestLoop loop;
  Server server(loop);
  server.on_request = [&] { server.exchanges[0]->respond({103, {}, {}, {}}); };
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  CHECK(whole_response(*client).status == 500);
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE(
    "HttpServer: 204 has no length, and the answer to HEAD has the length of its body alone") {
  TestLoop loop;
  Server server(loop);
  const bool head = GENERATE(false, true);
  server.on_request = [&] {
    server.exchanges[0]->respond({head ? 200 : 204, {}, {{"A", "b"}}, head ? "body" : ""});
  };
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send((head ? "HEAD" : "DELETE") + std::string(" / HTTP/1.1\r\nHost: h\r\n\r\n"));
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  const std::string fields = "A: b\r\nConnection: close\r\n";
  CHECK(client->received() == (head ? "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 4\r\n\r\n"
                                    : "HTTP/1.1 204 No Content\r\n" + fields + "\r\n"));
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: a head that does not come in time gets a 408") {
  TestLoop loop;
  Server server(loop, 50ms);
  const auto client = RawPeer::connect(loop, server.http->port());
  const std::string begun = GENERATE("", "GET / HTTP/1.1\r\nHost: ");
  if (!begun.empty()) client->send(begun);
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  CHECK(whole_response(*client).status == 408);
  CHECK(server.exchanges.empty());
  CHECK(server.log.size() == 1);
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: a client that begins TLS is told at once that this is plain HTTP") {
  TestLoop loop;
  Server server(loop);
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send(std::string("\x16\x03\x01\x02\x00", 5));
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  const HttpResponse response = whole_response(*client);
  CHECK(response.status == 400);
  CHECK(response.body.find("use http://") != std::string::npos);
  CHECK(server.exchanges.empty());
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: a head that is too large gets a 431") {
  TestLoop loop;
  Server server(loop);
  const auto client = RawPeer::connect(loop, server.http->port());
  SECTION("bytes") { client->send("GET / HTTP/1.1\r\nA: " + std::string(200 * 1024, 'a')); }
  SECTION("fields") {
    std::string head = "GET / HTTP/1.1\r\n";
    for (std::size_t i = 0; i <= kMaxHeadFields; ++i) head += "A: b\r\n";
    client->send(head + "\r\n");
  }
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  CHECK(whole_response(*client).status == 431);
  CHECK(server.exchanges.empty());
  CHECK(server.log.size() == 1);
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: a head that is not well-formed, or promises a body, gets a 400") {
  TestLoop loop;
  Server server(loop);
  const std::string request =
      GENERATE("\x16\x03\x01 a TLS hello \r\n\r\n", "GET / HTTP/2\r\n\r\n",
               "GET / HTTP/1.1\r\nA : b\r\n\r\n", "GET / HTTP/1.1\nHost: h\r\n\r\n",
               "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
               "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
               "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
               "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  CAPTURE(request);
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send(request);
  REQUIRE(loop.run_until([&] { return client->ended() || !server.exchanges.empty(); }));
  REQUIRE(server.exchanges.empty());
  const HttpResponse response = whole_response(*client);
  CHECK(response.status == 400);
  CHECK_FALSE(response.body.empty());
  CHECK(server.log.size() == 1);
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: Content-Length: 0 is no body") {
  TestLoop loop;
  Server server(loop);
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(loop.run_until([&] { return !server.exchanges.empty(); }));
  // Nobody answers: with the last pointer the connection is closed.
  server.exchanges.clear();
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  CHECK(client->received().empty());
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: a response arrives whole before the connection closes") {
  TestLoop loop;
  Server server(loop);
  const std::string body = test::patterned_text(20 * 1024 * 1024);
  server.on_request = [&] { server.exchanges[0]->respond({200, {}, {}, body}); };
  const auto client = RawPeer::connect(loop, server.http->port());

  SECTION("to a client that waits for it") { client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n"); }
  SECTION("to a client that sends more than anybody reads") {
    // Unread input would turn the close into a reset that destroys the response on its way.
    client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(1000000, 'x'));
  }
  SECTION("to a client that has ended its side") {
    client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    client->shut_down();
  }
  SECTION("to a client that begins to read late") {
    client->stop_reading();
    client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(loop.run_until([&] { return !server.exchanges.empty(); }));
    loop.run_turns(20);
    client->start_reading();
  }
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  const HttpResponse response = whole_response(*client);
  CHECK(response.status == 200);
  CHECK((response.body == body));
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: by TLS, a response arrives whole and with an orderly end behind it") {
  TestLoop loop;
  const std::string body = test::patterned_text(9 * 1024 * 1024);
  HttpServerOptions options;
  options.tls = test::server_context();
  auto server = HttpServer::listen(
      loop.get(), "127.0.0.1", 0,
      [&](const Exchange& exchange) {
        exchange->respond({200, {}, {}, body});
      },
      std::move(options));
  REQUIRE_THAT(server, IsSuccess());
  std::unique_ptr<net::Transport> encrypted;
  net::connect_tcp(loop.get(), "127.0.0.1", (*server)->port(), test::kDeadline, [&](auto plain) {
    REQUIRE_THAT(plain, IsSuccess());
    net::tls_connect(std::move(*plain), test::client_context(), "localhost", test::kDeadline,
                     [&](auto made) {
                       REQUIRE_THAT(made, IsSuccess());
                       encrypted = std::move(*made);
                     });
  });
  REQUIRE(loop.run_until([&] { return encrypted != nullptr; }));
  RawPeer client(std::move(encrypted));
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  SECTION("to a client that has ended its side and begins to read late") {
    client.shut_down();
    loop.run_turns(20);
  }
  SECTION("to a client that waits for it") {}
  client.start_reading();
  REQUIRE(loop.run_until([&] { return client.ended(); }));
  CHECK((whole_response(client).body == body));
  client.close();
  (*server)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: no more than max_pending connections may be silent") {
  TestLoop loop;
  std::vector<std::string> log;
  std::vector<Exchange> exchanges;
  HttpServerOptions options;
  options.max_pending = 2;
  options.log = [&](std::string_view line) { log.emplace_back(line); };
  auto server = HttpServer::listen(
      loop.get(), "127.0.0.1", 0,
      [&](Exchange exchange) { exchanges.push_back(std::move(exchange)); }, std::move(options));
  REQUIRE_THAT(server, IsSuccess());
  std::vector<std::unique_ptr<RawPeer>> clients;
  const auto connect = [&] { clients.push_back(RawPeer::connect(loop, (*server)->port())); };
  connect();
  connect();
  loop.run_turns(5);
  connect();
  // The oldest makes room; http_server_limits_test.cpp says more of that.
  REQUIRE(loop.run_until([&] { return clients[0]->ended(); }));
  REQUIRE(log.size() == 1);
  CHECK(log[0].find("max_pending = 2") != std::string::npos);

  // One that has asked counts no more.
  clients[1]->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(loop.run_until([&] { return !exchanges.empty(); }));
  connect();
  clients[3]->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(loop.run_until([&] { return exchanges.size() == 2; }));
  CHECK_FALSE(clients[2]->ended());
  CHECK(log.size() == 1);
  exchanges.clear();
  for (const auto& client : clients) client->close();
  (*server)->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: a client that leaves before or after its request does no harm") {
  TestLoop loop;
  Server server(loop);
  const auto client = RawPeer::connect(loop, server.http->port());
  SECTION("without a word") { client->close(); }
  SECTION("in the middle of its head") {
    client->send("GET / HTTP");
    client->close();
  }
  SECTION("by a reset") {
    client->send("GET / HTTP");
    loop.run_turns(3);
    client->vanish();
  }
  SECTION("before it is answered") {
    client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(loop.run_until([&] { return !server.exchanges.empty(); }));
    client->vanish();
    loop.run_turns(3);
    server.exchanges[0]->respond({200, {}, {}, std::string(10 * 1024 * 1024, 'x')});
  }
  // The server goes on.
  const std::size_t before = server.exchanges.size();
  const auto next = RawPeer::connect(loop, server.http->port());
  next->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(loop.run_until([&] { return server.exchanges.size() > before; }));
  server.exchanges.back()->respond({200, {}, {}, "fine"});
  REQUIRE(loop.run_until([&] { return next->ended(); }));
  CHECK(whole_response(*next).body == "fine");
  next->close();
  server.http->close();
  server.exchanges.clear();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpServer: closed, it drops who has not asked yet and leaves who has") {
  TestLoop loop;
  Server server(loop);
  const std::uint16_t port = server.http->port();
  const auto waiting = RawPeer::connect(loop, port);
  waiting->send("GET / HTTP");
  const auto asked = RawPeer::connect(loop, port);
  asked->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(loop.run_until([&] { return server.exchanges.size() == 1; }));
  loop.run_turns(3);
  SECTION("by close") {
    server.http->close();
    server.http->close();
  }
  SECTION("by destroying it") { server.http.reset(); }
  REQUIRE(loop.run_until([&] { return waiting->ended(); }));
  CHECK(waiting->received().empty());
  server.exchanges[0]->respond({200, {}, {}, "still here"});
  REQUIRE(loop.run_until([&] { return asked->ended(); }));
  CHECK(whole_response(*asked).body == "still here");

  Error refused;
  net::connect_tcp(loop.get(), "127.0.0.1", port, test::kDeadline,
                   [&](Result<std::unique_ptr<net::Transport>> transport) {
                     if (!transport) refused = transport.error();
                   });
  waiting->close();
  asked->close();
  REQUIRE(loop.run_out());
  CHECK(refused.code() == std::error_code(UV_ECONNREFUSED, net::uv_category()));
}

TEST_CASE("HttpServer: may be destroyed inside its request handler and inside its log handler") {
  TestLoop loop;
  int handled = 0;
  int logged = 0;
  std::unique_ptr<HttpServer> http;
  HttpServerOptions options;
  options.log = [&](std::string_view) {
    ++logged;
    http.reset();
  };
  auto listening = HttpServer::listen(
      loop.get(), "127.0.0.1", 0,
      [&](Exchange exchange) {
        ++handled;
        http.reset();
        exchange->respond({200, {}, {}, "last"});
      },
      std::move(options));
  REQUIRE_THAT(listening, IsSuccess());
  http = std::move(*listening);
  const auto client = RawPeer::connect(loop, http->port());
  const bool good = GENERATE(true, false);
  client->send(good ? "GET / HTTP/1.1\r\nHost: h\r\n\r\n" : "bad\r\n\r\n");
  REQUIRE(loop.run_until([&] { return client->ended(); }));
  // A closed server refuses nobody any more.
  if (good) CHECK(whole_response(*client).status == 200);
  if (!good) CHECK(client->received().empty());
  CHECK(handled == (good ? 1 : 0));
  CHECK(logged == (good ? 0 : 1));
  client->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpExchange: whoever takes the connection over gets the bytes behind the head") {
  TestLoop loop;
  Server server(loop);
  const auto client = RawPeer::connect(loop, server.http->port());
  client->send("POST / HTTP/1.1\r\nHost: h\r\nUpgrade: x\r\n\r\nbehind the head");
  REQUIRE(loop.run_until([&] { return !server.exchanges.empty(); }));
  HttpExchange::Connected connected = server.exchanges[0]->take_over();
  REQUIRE(connected.transport != nullptr);
  CHECK(text_of(connected.already_read.bytes()) == "behind the head");
  CHECK(server.exchanges[0]->take_over().transport == nullptr);
  server.exchanges[0]->respond({200, {}, {}, "does nothing"});
  server.exchanges.clear();

  RawPeer taken(std::move(connected.transport));
  taken.start_reading();
  client->send(" and more");
  taken.send("from the new owner");
  REQUIRE(loop.run_until([&] {
    return taken.received() == " and more" && client->received() == "from the new owner";
  }));
  taken.close();
  client->close();
  server.http->close();
  REQUIRE(loop.run_out());
}
