// A program that has an HTTP server of its own, on plain libuv, and hands one request over to
// uvspdy: the head that it has read, its open uv_stream_t, and the bytes behind the head.

#include <uvspdy/httpstream.h>
#include <uvspdy/net/adopt.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

using namespace uvspdy;
using namespace uvspdy::httpstream;

namespace {

constexpr std::string_view kProtocols[] = {"echo.example"};

/// A client of our own server, until its request has been read.
struct Client {
  uv_tcp_t tcp{};
  std::string input;
  std::array<char, 4096> memory{};

  static Client* of(void* handle) {
    return static_cast<Client*>(static_cast<uv_handle_t*>(handle)->data);
  }
  uv_stream_t* stream() { return static_cast<uv_stream_t*>(static_cast<void*>(&tcp)); }
};

void echo(const std::shared_ptr<Stream>& stream, StreamDecision decision) {
  stream->on_data([stream](Bytes bytes) { (void)stream->write(Buffer::copy_of(bytes)); });
  stream->on_end([stream] { (void)stream->close(); });
  decision.accept();
}

/// The request is there: from here on the connection is uvspdy's.
void upgrade(Client* client, std::size_t head_size) {
  uv_read_stop(client->stream());
  const Buffer behind_head = Buffer::copy_of(client->input.substr(head_size));
  Result<HttpRequest> request = parse_request_head(client->input.substr(0, head_size));

  // uvspdy uses the handle's `data`, so its owner is kept in the callback, which runs once libuv
  // has let go of the handle.
  auto transport = net::adopt(client->stream(),
                              [client](uv_stream_t*) { std::unique_ptr<Client>(client).reset(); });
  if (!transport) return (void)std::fprintf(stderr, "%s\n", transport.error().message().c_str());
  if (!request) return;  // the transport goes, and closes the connection

  const auto exchange =
      HttpExchange::create(std::move(*transport), std::move(*request), behind_head);
  HttpResponse response;
  if (!handshake(exchange->request(), response, kProtocols)) return exchange->respond(response);
  (void)ResponseUpgrader().upgrade_response(*exchange, response, echo);
}

void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  Client* client = Client::of(stream);
  if (count < 0) {
    return uv_close(static_cast<uv_handle_t*>(static_cast<void*>(stream)),
                    [](uv_handle_t* handle) { std::unique_ptr<Client>(Client::of(handle)); });
  }
  client->input.append(buffer->base, static_cast<std::size_t>(count));
  const std::size_t end = client->input.find("\r\n\r\n");
  if (end != std::string::npos) upgrade(client, end + 4);
}

void on_connection(uv_stream_t* server, int status) {
  if (status < 0) return;
  auto client = std::make_unique<Client>();
  client->tcp.data = client.get();
  uv_tcp_init(server->loop, &client->tcp);
  if (uv_accept(server, client->stream()) != 0) return;
  uv_read_start(
      client.release()->stream(),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        auto& memory = Client::of(handle)->memory;
        *buffer = uv_buf_init(memory.data(), static_cast<unsigned>(memory.size()));
      },
      on_read);
}

/// Says hello on one stream, and closes when the echo has ended.
void say_hello(const std::shared_ptr<Connection>& connection) {
  connection->create_stream({}, [connection](Result<std::shared_ptr<Stream>> stream) {
    if (!stream) return connection->close();
    (*stream)->on_data([](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); });
    (*stream)->on_end([connection] { connection->close(); });
    (void)(*stream)->write(Buffer(std::string("hello, embedder\n")));
    (void)(*stream)->close();
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
  uv_ip4_addr("127.0.0.1", 0, &where);
  uv_tcp_init(loop, &listener);
  uv_tcp_bind(&listener, address, 0);
  if (uv_listen(server, 16, on_connection) != 0) return 1;
  uv_tcp_getsockname(&listener, address, &size);

  Url url;
  url.host = "127.0.0.1";
  url.port = ntohs(where.sin_port);
  Dialer(loop, url).dial({"echo.example"}, [&](Result<Dialed> dialed) {
    uv_close(static_cast<uv_handle_t*>(static_cast<void*>(&listener)), nullptr);
    if (!dialed) return (void)std::fprintf(stderr, "%s\n", dialed.error().message().c_str());
    say_hello(dialed->connection);
  });
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? 0 : 1;
}
