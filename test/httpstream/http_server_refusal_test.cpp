// Connections that HttpServer answers by itself, with 400, 408 or 431, are its own until they end.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/pipe_transport.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/http_server.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::PipePair;
using test::TestLoop;

namespace {

/// A client that the server accepts without a socket. It ends its side when the test says so.
struct Client {
  PipePair pipe;

  Client(TestLoop& loop, HttpServer& server) : pipe(loop.get()) {
    server.serve(std::move(pipe.server));
  }
  void send(const std::string& text) const { pipe.up->put(bytes_of(text)); }
  void end() const {
    pipe.up->ended = true;
    if (pipe.up->reader != nullptr) pipe.up->reader->schedule();
  }
  /// Has the whole answer with its end, and whether the server holds the connection all the same.
  bool answered() const { return pipe.down->ended; }
  bool held() const { return pipe.up->reader != nullptr; }
};

}  // namespace

TEST_CASE("HttpServer: closed, it drops whom it has refused") {
  TestLoop loop;
  auto server = HttpServer::create([](const auto&) { FAIL_CHECK("nothing asked"); }, {});
  const Client client(loop, *server);
  const bool reads = GENERATE(true, false);
  if (!reads) client.pipe.down->capacity = 0;
  client.send("bad\r\n\r\n");
  loop.run_turns(5);
  CHECK(client.answered() == reads);
  REQUIRE(client.held());  // it awaits the client's end
  const bool destroy = GENERATE(false, true);
  if (destroy) {
    server.reset();
  } else {
    server->close();
    server->close();
  }
  CHECK_FALSE(client.held());
  loop.run_turns(5);
  CHECK(uv_loop_alive(loop.get()) == 0);
}

TEST_CASE("HttpServer: whom it refuses counts in max_pending until the connection has closed") {
  TestLoop loop;
  std::vector<std::string> log;
  std::vector<std::shared_ptr<HttpExchange>> exchanges;
  HttpServerOptions options;
  options.max_pending = 1;
  options.log = [&](std::string_view line) { log.emplace_back(line); };
  const auto server = HttpServer::create(
      [&](std::shared_ptr<HttpExchange> exchange) { exchanges.push_back(std::move(exchange)); },
      std::move(options));
  const Client refused(loop, *server);
  refused.send("bad\r\n\r\n");
  REQUIRE(loop.run_until([&] { return refused.answered(); }));
  CHECK(refused.pipe.down->data.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  REQUIRE(log.size() == 1);

  const Client next(loop, *server);
  CHECK_FALSE(refused.held());  // closed for the next
  CHECK(next.held());
  CHECK(log.size() == 1);  // which has said that it is refused
  next.send("bad\r\n\r\n");
  REQUIRE(loop.run_until([&] { return next.answered(); }));
  REQUIRE(log.size() == 2);

  next.end();
  REQUIRE(loop.run_until([&] { return !next.held(); }));
  loop.run_turns(2);
  const Client last(loop, *server);
  last.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  REQUIRE(loop.run_until([&] { return exchanges.size() == 1; }));
  exchanges.clear();
  CHECK(log.size() == 2);
  server->close();
  REQUIRE(loop.run_out());
}
