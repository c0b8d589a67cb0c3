// A program that has an HTTP server of its own, on plain libuv, and hands one request over to
// uvspdy: the head that it has read, its open uv_stream_t, and the bytes after the head.

#include <uvspdy/httpstream.h>
#include <uvspdy/net/adopt.h>
#include <uvspdy/net/timer.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

using namespace uvspdy;
using namespace uvspdy::httpstream;

namespace {

constexpr std::string_view kProtocols[] = {"echo.example"};

/// The longest time for a client to send its request head.
constexpr std::chrono::seconds kHeadTimeout{10};

/// A client of our own server, until its request has been read. libuv uses the handle until its
/// close callback runs: only there may the client be destroyed.
struct Client {
  explicit Client(uv_loop_t* loop) : timer(loop, [this] { close(); }) {
    uv_tcp_init(loop, &tcp);
    tcp.data = this;
  }

  void close() {
    timer.stop();
    uv_close(static_cast<uv_handle_t*>(static_cast<void*>(&tcp)),
             [](uv_handle_t* handle) { std::unique_ptr<Client>(of(handle)).reset(); });
  }

  static Client* of(void* handle) {
    return static_cast<Client*>(static_cast<uv_handle_t*>(handle)->data);
  }
  uv_stream_t* stream() { return static_cast<uv_stream_t*>(static_cast<void*>(&tcp)); }

  uv_tcp_t tcp{};
  net::Timer timer;
  HttpHeadCollector collector;
  std::array<char, 4096> memory{};
};

void report(const Error& error) { std::fprintf(stderr, "%s\n", error.message().c_str()); }

/// Sends the peer's bytes back. While the peer does not take them, nothing more is read from it:
/// otherwise a peer that only sends would fill our memory.
void echo(const std::shared_ptr<Stream>& stream, StreamDecision decision) {
  Pump::start(source_of(stream->take_reader()), sink_of(stream->take_writer()), {});
  decision.accept();
}

/// The request has arrived: from here on the connection belongs to uvspdy.
void upgrade(Client* client, Bytes behind_head) {
  client->timer.stop();
  const Buffer already_read = Buffer::copy_of(behind_head);
  Result<HttpRequest> request = parse_request_head(client->collector.head());
  if (!request) return client->close();

  // uvspdy uses the handle's `data`, so its owner is kept in the callback, which runs once libuv
  // has let go of the handle.
  auto transport = net::adopt(client->stream(),
                              [client](uv_stream_t*) { std::unique_ptr<Client>(client).reset(); });
  if (!transport) {
    report(transport.error());
    return client->close();
  }
  const auto exchange =
      HttpExchange::create(std::move(*transport), std::move(*request), already_read);
  HttpResponse response;
  if (!handshake(exchange->request(), response, kProtocols)) return exchange->respond(response);
  const auto connection = ResponseUpgrader().upgrade_response(*exchange, response, echo);
  if (!connection) report(connection.error());  // the client has been answered
}

void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  Client* client = Client::of(stream);
  if (count < 0) return client->close();
  Bytes input = bytes_of(std::string_view(buffer->base, static_cast<std::size_t>(count)));
  const Result<bool> complete = client->collector.take(input);
  if (!complete) return client->close();  // too large; a real server answers with 431
  if (*complete) upgrade(client, input);
}

void on_connection(uv_stream_t* server, int status) {
  if (status < 0) return;
  Client* client = std::make_unique<Client>(server->loop).release();
  if (uv_accept(server, client->stream()) != 0) return client->close();
  client->timer.start(kHeadTimeout);
  const auto allocate = [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
    auto& memory = Client::of(handle)->memory;
    *buffer = uv_buf_init(memory.data(), static_cast<unsigned>(memory.size()));
  };
  if (uv_read_start(client->stream(), allocate, on_read) != 0) client->close();
}

/// Says hello on one stream, and closes when the echo has ended.
void say_hello(const std::shared_ptr<Connection>& connection) {
  connection->create_stream({}, [connection](Result<std::shared_ptr<Stream>> created) {
    if (!created) return connection->close();
    const std::shared_ptr<Stream> stream = *created;
    stream->on_data([](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); });
    stream->on_end([stream, connection](const Error&) { connection->close(); });
    if (stream->write(Buffer(std::string("hello, embedder\n")))) return connection->close();
    stream->close();
  });
}

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t listener;
  auto* server = static_cast<uv_stream_t*>(static_cast<void*>(&listener));
  sockaddr_in where{};
  auto* address = static_cast<sockaddr*>(static_cast<void*>(&where));
  int size = sizeof where;
  uv_tcp_init(loop, &listener);
  if (uv_ip4_addr("127.0.0.1", 0, &where) != 0 || uv_tcp_bind(&listener, address, 0) != 0 ||
      uv_listen(server, 16, on_connection) != 0 ||
      uv_tcp_getsockname(&listener, address, &size) != 0) {
    return 1;
  }

  const Url url{.host = "127.0.0.1", .port = ntohs(where.sin_port)};
  Dialer(loop, url).dial({"echo.example"}, [&](Result<Dialed> dialed) {
    uv_close(static_cast<uv_handle_t*>(static_cast<void*>(&listener)), nullptr);
    dialed ? say_hello(dialed->connection) : report(dialed.error());
  });
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? 0 : 1;
}
