// What several threads may share: a port, TLS contexts and posters. All else belongs to one loop.

#include <uv.h>

#include <array>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/patterned_text.h"
#include "support/tls_pair.h"
#include "uvspdy/httpstream/dialer.h"
#include "uvspdy/httpstream/http_server.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/net/post.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::IsSuccess;

namespace {

constexpr std::array<std::string_view, 1> kProtocols = {"echo"};
constexpr std::size_t kServers = 3;
constexpr std::size_t kClients = 2;
constexpr int kConnections = 6;  // of each client
constexpr std::size_t kPieces = 20;
constexpr std::size_t kPieceSize = 3000;

/// A loop in a thread of its own. Nothing of Catch in here: it knows no threads.
class LoopThread {
 public:
  LoopThread() : thread_([this] { run(); }) { poster_ = ready_.get_future().get(); }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() { join(); }

  uv_loop_t* loop() { return &loop_; }
  const std::shared_ptr<net::Poster>& poster() const { return poster_; }

  /// Runs a function in the thread and waits for what it returns.
  template <class Function>
  auto call(Function function) {
    std::promise<decltype(function())> result;
    poster_->post([&] { result.set_value(function()); });
    return result.get_future().get();
  }

  /// Waits for the loop's end, which comes when all in it is closed.
  void join() {
    if (!thread_.joinable()) return;
    poster_->post([poster = poster_] { poster->close(); });
    thread_.join();
  }
  bool loop_closed() const { return loop_closed_; }

 private:
  void run() {
    if (uv_loop_init(&loop_) != 0) return ready_.set_value(nullptr);
    auto poster = net::Poster::create(&loop_);
    ready_.set_value(poster ? *poster : nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    loop_closed_ = uv_loop_close(&loop_) == 0;
  }

  uv_loop_t loop_{};
  bool loop_closed_ = false;
  std::promise<std::shared_ptr<net::Poster>> ready_;
  std::shared_ptr<net::Poster> poster_;
  std::thread thread_;
};

/// Echoes every stream, on a port that others listen on too.
class Server {
 public:
  std::uint16_t listen(uv_loop_t* loop, std::uint16_t port,
                       const std::shared_ptr<net::TlsServerContext>& tls) {
    auto made = HttpServer::listen(
        loop, "127.0.0.1", port,
        [this](const std::shared_ptr<HttpExchange>& exchange) { serve(*exchange); },
        {.tls = tls, .listen = {.reuse_port = true}});
    if (!made) return 0;
    http_ = std::move(*made);
    return http_->port();
  }
  bool close() {
    http_.reset();
    return true;
  }
  int served() const { return served_; }

 private:
  void serve(HttpExchange& exchange) {
    HttpResponse response;
    if (!handshake(exchange.request(), response, kProtocols)) return;
    ++served_;
    (void)ResponseUpgrader().upgrade_response(
        exchange, std::move(response),
        [](const std::shared_ptr<Stream>& stream, StreamDecision decision) {
          stream->on_data([stream](Bytes bytes) { (void)stream->write(Buffer::copy_of(bytes)); });
          stream->on_end([stream](const Error&) { stream->close(); });
          decision.accept();
        });
  }

  std::unique_ptr<HttpServer> http_;
  int served_ = 0;
};

/// Dials again and again, one connection at a time; what it sends on each comes from a thread.
class Client {
 public:
  Client(LoopThread& thread, std::uint16_t port, std::shared_ptr<net::TlsClientContext> tls)
      : thread_(thread) {
    url_.scheme = "https";
    url_.host = "127.0.0.1";
    url_.port = port;
    options_.route.tls = std::move(tls);
  }

  /// From any thread; what it returns is there when all connections are over.
  std::future<void> start() {
    thread_.poster()->post([this] { dial(); });
    return over_.get_future();
  }
  int echoed() const { return echoed_; }
  const std::string& failure() const { return failure_; }

 private:
  void dial() {
    if (left_-- == 0) return over_.set_value();
    Dialer(thread_.loop(), url_, options_).dial({"echo"}, [this](Result<Dialed> dialed) {
      if (!dialed) return fail(dialed.error());
      const auto connection = dialed->connection;
      connection->on_close([this](const Error& error) {
        if (sender_.joinable()) sender_.join();
        if (error) return fail(error);
        if (received_ == text_) ++echoed_;
        dial();
      });
      connection->create_stream({}, [this, connection](Result<std::shared_ptr<Stream>> stream) {
        if (!stream) return connection->abort();
        received_.clear();
        (*stream)->on_data([this](Bytes bytes) { received_ += text_of(bytes); });
        (*stream)->on_close([connection, held = *stream](const Error&) { connection->close(); });
        sender_ = std::thread([this, stream = *stream]() mutable { send(std::move(stream)); });
      });
    });
  }

  // In a thread of its own, which may not touch the stream: what it posts does.
  void send(std::shared_ptr<Stream> stream) {
    for (std::size_t i = 0; i < kPieces; ++i) {
      thread_.poster()->post([stream, piece = text_.substr(i * kPieceSize, kPieceSize)] {
        (void)stream->write(Buffer(piece));
      });
    }
    thread_.poster()->post([stream = std::move(stream)] { stream->close(); });
  }

  void fail(const Error& error) {
    failure_ = error.message();
    over_.set_value();
  }

  LoopThread& thread_;
  Url url_;
  DialerOptions options_;
  const std::string text_ = test::patterned_text(kPieces * kPieceSize);
  std::string received_;
  std::string failure_;
  int left_ = kConnections;
  int echoed_ = 0;
  std::promise<void> over_;
  std::thread sender_;
};

}  // namespace

TEST_CASE("Threads share a port, TLS contexts and posters; certificates are reloaded meanwhile") {
  const auto client_tls = test::client_context();
  const auto server_tls = test::server_context();
  std::array<Server, kServers> servers;
  std::vector<std::unique_ptr<LoopThread>> server_threads;
  std::uint16_t port = 0;
  for (Server& server : servers) {
    server_threads.push_back(std::make_unique<LoopThread>());
    LoopThread& thread = *server_threads.back();
    REQUIRE(thread.poster());
    port = thread.call([&] { return server.listen(thread.loop(), port, server_tls); });
    REQUIRE(port != 0);
  }
  std::vector<std::unique_ptr<LoopThread>> client_threads;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::future<void>> over;
  for (std::size_t i = 0; i < kClients; ++i) {
    client_threads.push_back(std::make_unique<LoopThread>());
    REQUIRE(client_threads.back()->poster());
    clients.push_back(std::make_unique<Client>(*client_threads.back(), port, client_tls));
    over.push_back(clients.back()->start());
  }
  for (int i = 0; i < 10; ++i) CHECK_THAT(server_tls->reload(test::server_options()), IsSuccess());
  for (std::future<void>& future : over) future.wait();

  for (std::size_t i = 0; i < kServers; ++i) {
    // Each server is closed, and gone, before its loop's thread is.
    CHECK(server_threads[i]->call([&] { return servers[i].close(); }));
    server_threads[i]->join();
    CHECK(server_threads[i]->loop_closed());
  }
  int served = 0;
  for (const Server& server : servers) served += server.served();
  CHECK(served == static_cast<int>(kClients) * kConnections);
  for (std::size_t i = 0; i < kClients; ++i) {
    client_threads[i]->join();
    CHECK(client_threads[i]->loop_closed());
    CHECK(clients[i]->failure().empty());
    CHECK(clients[i]->echoed() == kConnections);
  }
}
