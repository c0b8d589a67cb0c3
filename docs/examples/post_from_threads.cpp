// Threads that have something to send: they `post` it to the loop, which alone may touch the
// connection and its streams.

#include <uvspdy/httpstream.h>
#include <uvspdy/net/post.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace uvspdy;
using namespace uvspdy::httpstream;

namespace {

constexpr std::string_view kProtocols[] = {"lines.example"};
constexpr int kThreads = 4;
constexpr int kLinesEach = 250;

/// Sends the lines of all threads on one stream, and ends it behind the last.
class Sender {
 public:
  Sender(std::shared_ptr<net::Poster> poster, std::shared_ptr<Connection> connection,
         std::shared_ptr<Stream> stream)
      : poster_(std::move(poster)), connection_(std::move(connection)), stream_(std::move(stream)) {
    stream_->on_data([](Bytes) {});
    stream_->on_end([this](const Error&) { connection_->close(); });
    connection_->on_close([this](const Error&) { poster_->close(); });
    for (int number = 0; number < kThreads; ++number) {
      threads_.emplace_back([this, number] { work(number); });
    }
  }

  ~Sender() {
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  // In a thread of its own: nothing but the poster is used here.
  void work(int number) {
    for (int i = 0; i < kLinesEach; ++i) {
      std::string line = "thread " + std::to_string(number) + ", line " + std::to_string(i) + "\n";
      poster_->post([this, line = std::move(line)]() mutable { send(std::move(line)); });
    }
  }

  // In the loop's thread.
  void send(std::string line) {
    (void)stream_->write(Buffer(std::move(line)));
    if (++sent_ == kThreads * kLinesEach) stream_->close();
  }

  std::shared_ptr<net::Poster> poster_;
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<Stream> stream_;
  std::vector<std::thread> threads_;
  int sent_ = 0;
};

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();
  std::size_t lines = 0;
  auto server = HttpServer::listen(loop, "127.0.0.1", 0, [&lines](const auto& exchange) {
    HttpResponse response;
    if (!handshake(exchange->request(), response, kProtocols)) return exchange->respond(response);
    const auto count_lines = [&lines](const std::shared_ptr<Stream>& stream,
                                      StreamDecision decision) {
      stream->on_data([&lines](Bytes bytes) {
        for (const std::uint8_t byte : bytes) lines += byte == '\n';
      });
      stream->on_end([stream](const Error&) { stream->close(); });
      decision.accept();
    };
    (void)ResponseUpgrader().upgrade_response(*exchange, response, count_lines);
  });
  auto poster = net::Poster::create(loop);
  if (!server || !poster) return 1;

  std::unique_ptr<Sender> sender;
  Url url;
  url.host = "127.0.0.1";
  url.port = (*server)->port();
  Dialer(loop, url).dial({"lines.example"}, [&](Result<Dialed> dialed) {
    (*server)->close();
    if (!dialed) return (*poster)->close();
    const std::shared_ptr<Connection> connection = dialed->connection;
    connection->create_stream({}, [&, connection](Result<std::shared_ptr<Stream>> stream) {
      if (!stream) {
        (*poster)->close();
        return connection->close();
      }
      sender = std::make_unique<Sender>(*poster, connection, *stream);
    });
  });
  uv_run(loop, UV_RUN_DEFAULT);
  std::printf("%zu lines from %d threads\n", lines, kThreads);
  sender.reset();
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? 0 : 1;
}
