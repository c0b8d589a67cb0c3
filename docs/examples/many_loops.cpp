// A server of several loops, one in each thread, that share one port (SO_REUSEPORT): the kernel
// spreads the connections over them. The loops share nothing but the port.

#include <uvspdy/httpstream.h>
#include <uvspdy/net/listener.h>
#include <uvspdy/net/post.h>

#include <cstdio>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace uvspdy;
using namespace uvspdy::httpstream;

namespace {

constexpr std::string_view kProtocols[] = {"echo.example"};
constexpr int kLoops = 3;
constexpr int kConnections = 24;

void echo(const std::shared_ptr<Stream>& stream, StreamDecision decision) {
  Pump::start(source_of(stream->take_reader()), sink_of(stream->take_writer()), {});
  decision.accept();
}

void upgrade(const std::shared_ptr<HttpExchange>& exchange) {
  HttpResponse response;
  if (!handshake(exchange->request(), response, kProtocols)) return exchange->respond(response);
  const auto connection = ResponseUpgrader().upgrade_response(*exchange, response, echo);
  if (!connection) std::fprintf(stderr, "%s\n", connection.error().message().c_str());
}

/// One loop in a thread of its own. Port 0 picks a free port, which the other threads then use.
class ServerThread {
 public:
  explicit ServerThread(std::uint16_t port) : thread_([this, port] { run(port); }) {
    port_ = ready_.get_future().get();
  }
  ~ServerThread() {
    // The server belongs to the loop's thread, which alone may close it.
    if (poster_) poster_->post([this] { stop(); });
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

 private:
  void run(std::uint16_t port) {
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0) return ready_.set_value(0);
    start(&loop, port);
    uv_run(&loop, UV_RUN_DEFAULT);
    server_.reset();
    uv_run(&loop, UV_RUN_DEFAULT);  // handles close in a later turn
    uv_loop_close(&loop);
  }

  void start(uv_loop_t* loop, std::uint16_t port) {
    auto server =
        HttpServer::listen(loop, "127.0.0.1", port, upgrade, {.listen = {.reuse_port = true}});
    auto poster = net::Poster::create(loop);
    if (!server || !poster) {
      if (poster) (*poster)->close();
      return ready_.set_value(0);
    }
    server_ = std::move(*server);
    poster_ = *poster;
    ready_.set_value(server_->port());
  }

  void stop() {
    server_->close();
    poster_->close();
  }

  std::promise<std::uint16_t> ready_;
  std::shared_ptr<net::Poster> poster_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// Dials, and sends one word back and forth.
void exchange_a_word(uv_loop_t* loop, std::uint16_t port, int& echoed) {
  Url url;
  url.host = "127.0.0.1";
  url.port = port;
  Dialer(loop, url).dial({"echo.example"}, [&echoed](Result<Dialed> dialed) {
    if (!dialed) return;
    const std::shared_ptr<Connection> connection = dialed->connection;
    connection->create_stream({}, [&echoed, connection](Result<std::shared_ptr<Stream>> created) {
      if (!created) return connection->close();
      const std::shared_ptr<Stream> stream = *created;
      const auto answer = std::make_shared<std::string>();
      stream->on_data([answer](Bytes bytes) { *answer += text_of(bytes); });
      stream->on_end([&echoed, stream, connection, answer](const Error& error) {
        if (!error && *answer == "word") ++echoed;
        connection->close();
      });
      if (stream->write(Buffer(std::string("word")))) return connection->close();
      stream->close();
    });
  });
}

}  // namespace

int main() {
  std::vector<std::unique_ptr<ServerThread>> servers;
  std::uint16_t port = 0;
  for (int i = 0; i < kLoops; ++i) {
    servers.push_back(std::make_unique<ServerThread>(port));
    port = servers.back()->port();
    if (port == 0) return 1;
  }
  uv_loop_t* loop = uv_default_loop();
  int echoed = 0;
  for (int i = 0; i < kConnections; ++i) exchange_a_word(loop, port, echoed);
  uv_run(loop, UV_RUN_DEFAULT);
  servers.clear();
  std::printf("%d of %d connections to %d loops echoed\n", echoed, kConnections, kLoops);
  return uv_loop_close(loop) == 0 && echoed == kConnections ? 0 : 1;
}
