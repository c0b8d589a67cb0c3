// Threads that send: they `post` their lines to the loop, whose thread alone may use the connection
// and its streams. A thread that is faster than the network waits.

#include <uvspdy/httpstream.h>
#include <uvspdy/net/post.h>

#include <cstdio>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

using namespace uvspdy;
using namespace uvspdy::httpstream;

namespace {

constexpr std::string_view kProtocols[] = {"lines.example"};
constexpr int kThreads = 4;
constexpr int kLinesEach = 250;

/// The most lines that are posted and not sent.
constexpr int kMostUnsent = 64;

using Slots = std::counting_semaphore<kMostUnsent>;

void report(const Error& error) { std::fprintf(stderr, "%s\n", error.message().c_str()); }

/// A line, which takes a slot until it is freed: when it has left, or has been dropped.
class Line {
 public:
  Line(std::string text, Slots& slots) : text_(std::move(text)), slots_(slots) {}
  ~Line() { slots_.release(); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  Bytes bytes() const { return bytes_of(text_); }

 private:
  std::string text_;
  Slots& slots_;
};

/// Sends the lines of all threads on one stream, ends it after the last, and closes.
class Sender {
 public:
  Sender(std::shared_ptr<net::Poster> poster, std::shared_ptr<Connection> connection,
         std::shared_ptr<Stream> stream)
      : poster_(std::move(poster)), stream_(std::move(stream)) {
    stream_->reader().discard();  // the server sends nothing but the end
    stream_->on_close([connection](const Error& error) {
      if (error) report(error);
      connection->close();
    });
    connection->on_close([poster = poster_](const Error&) { poster->close(); });
    for (int number = 0; number < kThreads; ++number) {
      threads_.emplace_back([this, number] { work(number); });
    }
  }

  ~Sender() {
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  // Runs in a thread of its own, so it uses nothing but the poster.
  void work(int number) {
    for (int i = 0; i < kLinesEach; ++i) {
      slots_.acquire();
      const auto line = std::make_shared<const Line>(
          "thread " + std::to_string(number) + ", line " + std::to_string(i) + "\n", slots_);
      if (!poster_->post([this, line] { send(Buffer(line->bytes(), line)); })) return;
    }
  }

  // Runs in the loop's thread.
  void send(Buffer line) {
    if (stream_->write(std::move(line))) return;  // the stream is over, and on_close reports why
    if (++sent_ == kThreads * kLinesEach) stream_->close();
  }

  Slots slots_{kMostUnsent};
  std::shared_ptr<net::Poster> poster_;
  std::shared_ptr<Stream> stream_;
  std::vector<std::thread> threads_;
  int sent_ = 0;
};

/// The server: counts the lines that arrive on any stream.
void count_lines(const std::shared_ptr<HttpExchange>& exchange, std::size_t& lines) {
  HttpResponse response;
  if (!handshake(exchange->request(), response, kProtocols)) return exchange->respond(response);
  const auto connection = ResponseUpgrader().upgrade_response(
      *exchange, response,
      [&lines](const std::shared_ptr<Stream>& stream, StreamDecision decision) {
        stream->on_data([&lines](Bytes bytes) {
          for (const std::uint8_t byte : bytes) lines += byte == '\n';
        });
        // This handler holds the stream: one that nobody holds is reset.
        stream->on_end([stream](const Error&) { stream->close(); });
        decision.accept();
      });
  if (!connection) report(connection.error());
}

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();
  std::size_t lines = 0;
  auto server = HttpServer::listen(loop, "127.0.0.1", 0,
                                   [&](const auto& exchange) { count_lines(exchange, lines); });
  auto poster = net::Poster::create(loop);
  if (!server || !poster) return 1;

  std::unique_ptr<Sender> sender;
  const Url url{.host = "127.0.0.1", .port = (*server)->port()};
  Dialer(loop, url).dial({"lines.example"}, [&](Result<Dialed> dialed) {
    (*server)->close();
    if (!dialed) {
      report(dialed.error());
      return (*poster)->close();
    }
    const std::shared_ptr<Connection> connection = dialed->connection;
    connection->create_stream({}, [&, connection](Result<std::shared_ptr<Stream>> stream) {
      if (stream) {
        sender = std::make_unique<Sender>(*poster, connection, *stream);
        return;
      }
      report(stream.error());
      (*poster)->close();
      connection->close();
    });
  });
  uv_run(loop, UV_RUN_DEFAULT);
  std::printf("%zu lines from %d threads\n", lines, kThreads);
  sender.reset();
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? 0 : 1;
}
