// Much data through one stream with little memory: the sender writes while there is room, and the
// receiver pauses after each million bytes. Each half of a stream is moved to the object that uses
// it.

#include <uvspdy/httpstream.h>
#include <uvspdy/net/timer.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

using namespace uvspdy;
using namespace uvspdy::httpstream;

namespace {

constexpr std::string_view kProtocols[] = {"bulk.example"};
constexpr std::size_t kBlock = 64 * 1024;
constexpr std::size_t kBlocks = 256;  // 16 MiB

void report(const Error& error) {
  if (error) std::fprintf(stderr, "%s\n", error.message().c_str());
}

/// Sends many blocks, never more at a time than there is room for.
class Sender {
 public:
  void start(StreamWriter writer) {
    writer_ = std::move(writer);
    writer_.on_writable([this] { send_more(); });  // in the next turn, if there is room already
    writer_.on_sent(report);
  }

 private:
  void send_more() {
    for (; left_ > 0 && writer_.writable(); --left_) {
      if (writer_.write(Buffer(std::string(kBlock, 'x')))) return;  // on_sent reports why
    }
    if (left_ == 0) writer_.end();
  }

  StreamWriter writer_;
  std::size_t left_ = kBlocks;
};

/// Counts the bytes that arrive, and pauses for a moment after each million.
class Receiver {
 public:
  Receiver(uv_loop_t* loop, OnceCallback<void(std::size_t)> done)
      : rest_(loop, [this] { reader_.resume(); }), done_(std::move(done)) {}

  void start(StreamReader reader) {
    reader_ = std::move(reader);
    reader_.on_data([this](Bytes bytes) { take(bytes); });
    reader_.on_end([this](const Error& error) {
      report(error);
      done_(count_);
    });
  }

 private:
  void take(Bytes bytes) {
    const std::size_t before = count_ / 1000000;
    count_ += bytes.size();
    if (count_ / 1000000 == before) return;
    reader_.pause();  // the end, too, waits for resume
    rest_.start(std::chrono::milliseconds(1));
  }

  StreamReader reader_;
  std::size_t count_ = 0;
  net::Timer rest_;
  OnceCallback<void(std::size_t)> done_;
};

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();
  Sender sender;
  std::size_t received = 0;
  std::shared_ptr<Connection> client;
  Receiver receiver(loop, [&](std::size_t count) {
    received = count;
    client->close();
  });
  // The server sends on the stream that the client opens.
  auto server = HttpServer::listen(loop, "127.0.0.1", 0, [&](const auto& exchange) {
    HttpResponse response;
    if (!handshake(exchange->request(), response, kProtocols)) return exchange->respond(response);
    const auto connection = ResponseUpgrader().upgrade_response(
        *exchange, response, [&](const auto& stream, StreamDecision decision) {
          decision.accept();
          sender.start(stream->take_writer());
        });
    if (!connection) report(connection.error());
  });
  if (!server) return report(server.error()), 1;
  const Url url{.host = "127.0.0.1", .port = (*server)->port()};
  Dialer(loop, url).dial({"bulk.example"}, [&](Result<Dialed> dialed) {
    (*server)->close();
    if (!dialed) return report(dialed.error());
    client = dialed->connection;
    client->create_stream({}, [&](Result<std::shared_ptr<Stream>> stream) {
      if (!stream) return client->close();
      (*stream)->close();  // nothing to say
      receiver.start((*stream)->take_reader());
    });
  });
  uv_run(loop, UV_RUN_DEFAULT);
  std::printf("%zu of %zu bytes\n", received, kBlock * kBlocks);
  return received == kBlock * kBlocks ? 0 : 1;
}
