// What servers and clients own, and user code that runs when they let go of that.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "support/pipe_transport.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/http_client.h"
#include "uvspdy/httpstream/http_server.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::PipePair;
using test::TestLoop;

namespace {

/// Calls a function when it dies: what an embedder's own object may do.
class AtDeath {
 public:
  explicit AtDeath(std::function<void()> call) : call_(std::move(call)) {}
  // A moved-from std::function may still have its target.
  AtDeath(AtDeath&& other) noexcept : call_(std::exchange(other.call_, {})) {}
  AtDeath& operator=(AtDeath&&) = delete;
  ~AtDeath() {
    if (call_) call_();
  }

 private:
  std::function<void()> call_;
};

/// A transport of an embedder's, which calls a function when it dies.
class MournedTransport final : public net::Transport {
 public:
  MournedTransport(std::unique_ptr<net::Transport> inner, std::function<void()> call)
      : at_death_(std::move(call)), inner_(std::move(inner)) {}

  void set_read_handlers(ReadHandler on_read, EndHandler on_end) override {
    inner_->set_read_handlers(std::move(on_read), std::move(on_end));
  }
  void start_reading() override { inner_->start_reading(); }
  void stop_reading() override { inner_->stop_reading(); }
  Result<std::size_t> try_write(std::span<const Bytes> spans) override {
    return inner_->try_write(spans);
  }
  void write(std::span<const Bytes> spans, WriteHandler handler) override {
    inner_->write(spans, std::move(handler));
  }
  void shutdown(DoneHandler handler) override { inner_->shutdown(std::move(handler)); }
  void close(CloseHandler handler) override { inner_->close(std::move(handler)); }
  std::string peer() const override { return inner_->peer(); }
  uv_loop_t* loop() const override { return inner_->loop(); }

 private:
  AtDeath at_death_;
  std::unique_ptr<net::Transport> inner_;
};

}  // namespace

TEST_CASE("HttpServer: closed, it has let go of its handlers") {
  TestLoop loop;
  const auto token = std::make_shared<int>(1);
  const auto server =
      HttpServer::create([token](const auto&) {}, {.log = [token](std::string_view) {}});
  CHECK(token.use_count() > 1);
  server->close();
  CHECK(token.use_count() == 1);
}

TEST_CASE("HttpServer: what dies with it when it closes may close and use it") {
  TestLoop loop;
  std::unique_ptr<HttpServer> server;
  int mourned = 0;
  const auto mourn = [&] {
    ++mourned;
    server->close();
    CHECK(server->port() == 0);
    server->serve(std::move(PipePair(loop.get()).server));
  };
  server = HttpServer::create([at_death = AtDeath(mourn)](const auto&) {});
  PipePair first(loop.get());
  PipePair second(loop.get());
  server->serve(std::make_unique<MournedTransport>(std::move(first.server), mourn));
  server->serve(std::make_unique<MournedTransport>(std::move(second.server), mourn));
  loop.run_turns(3);
  server->close();
  CHECK(mourned == 3);
  loop.run_turns(3);
  CHECK(uv_loop_alive(loop.get()) == 0);
}

TEST_CASE("HttpExchange: its last pointer may be dropped inside its handler, the server too") {
  TestLoop loop;
  std::unique_ptr<HttpServer> server;
  int handled = 0;
  const bool answer = GENERATE(false, true);
  const bool drop_server = GENERATE(false, true);
  server = HttpServer::create(
      [&, token = std::make_unique<int>(1)](std::shared_ptr<HttpExchange> exchange) {
        if (answer) exchange->respond({404, {}, {}, {}});
        if (drop_server) server.reset();
        exchange.reset();
        ++handled;
        CHECK(*token == 1);
      });
  PipePair pipe(loop.get());
  server->serve(std::move(pipe.server));
  pipe.up->put(bytes_of(std::string_view("GET / HTTP/1.1\r\nHost: h\r\n\r\n")));
  REQUIRE(loop.run_until([&] { return pipe.down->ended; }));
  CHECK(handled == 1);
  CHECK(pipe.down->data.starts_with("HTTP/1.1 404") == answer);
  pipe.client.reset();
  server.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("HttpClient: what a handler owns may give up and ask again when it dies") {
  TestLoop loop;
  const HttpClient client(loop.get());
  const Url nowhere{.scheme = "gopher", .host = "nowhere"};
  net::Attempt attempt;
  int calls = 0;
  int mourned = 0;
  const auto again = [&] {
    ++mourned;
    attempt.cancel();
    client.get(nowhere, {}, [&](Result<HttpResponse> response) {
      CHECK_FALSE(response);
      ++calls;
    });
  };
  attempt = client.get(nowhere, {}, [&, owned = AtDeath(again)](Result<HttpResponse> response) {
    CHECK_FALSE(response);
    CHECK(mourned == 0);
    ++calls;
  });
  REQUIRE(loop.run_out());
  CHECK(mourned == 1);
  CHECK(calls == 2);
}
