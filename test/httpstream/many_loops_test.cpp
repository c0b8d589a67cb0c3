// Promise 1 of the design: many loops may run side by side, each in its thread.

#include <uv.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "support/catch.h"
#include "support/patterned_text.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;

namespace {

constexpr std::array<std::string_view, 1> kProtocols = {"echo"};

/// A server and a client in one loop. Nothing of Catch in here: it knows no threads.
class LoopOfItsOwn {
 public:
  explicit LoopOfItsOwn(std::size_t number) : text_(test::patterned_text(500000, number)) {}

  void run() {
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0) return;
    {
      auto listening = HttpServer::listen(
          &loop, "127.0.0.1", 0,
          [](const std::shared_ptr<HttpExchange>& exchange) { serve(*exchange); });
      if (listening) {
        server_ = std::move(*listening);
        dial(loop);
        uv_run(&loop, UV_RUN_DEFAULT);
        server_.reset();
      }
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    loop_closed_ = uv_loop_close(&loop) == 0;
  }

  bool good() const { return received_ == text_ && loop_closed_; }

 private:
  static void serve(HttpExchange& exchange) {
    HttpResponse response;
    if (!handshake(exchange.request(), response, kProtocols)) return;
    (void)ResponseUpgrader().upgrade_response(
        exchange, std::move(response),
        [](const std::shared_ptr<Stream>& stream, StreamDecision decision) {
          stream->on_data([stream](Bytes bytes) { (void)stream->write(Buffer::copy_of(bytes)); });
          stream->on_end([stream](const Error&) { stream->close(); });
          decision.accept();
        });
  }

  void dial(uv_loop_t& loop) {
    Url url;
    url.host = "127.0.0.1";
    url.port = server_->port();
    Dialer(&loop, url).dial({"echo"}, [this](Result<Dialed> dialed) {
      server_->close();
      if (!dialed) return;
      const auto connection = dialed->connection;
      connection->create_stream({}, [this, connection](Result<std::shared_ptr<Stream>> stream) {
        if (!stream) return connection->abort();
        const std::shared_ptr<Stream> held = std::move(*stream);
        held->on_data([this](Bytes bytes) { received_ += text_of(bytes); });
        held->on_close([held, connection](const Error&) { connection->close(); });
        if (held->write(Buffer(text_))) return connection->abort();
        held->close();
      });
    });
  }

  std::string text_;
  std::string received_;
  std::unique_ptr<HttpServer> server_;
  bool loop_closed_ = false;
};

}  // namespace

TEST_CASE("Several loops run side by side, each with a server and a client") {
  std::array<std::unique_ptr<LoopOfItsOwn>, 4> loops;
  std::array<std::thread, 4> threads;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    loops[i] = std::make_unique<LoopOfItsOwn>(i);
    threads[i] = std::thread([&loop = *loops[i]] { loop.run(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& loop : loops) CHECK(loop->good());
}
