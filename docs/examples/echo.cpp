#include <uvspdy/httpstream.h>

#include <cstdio>
using namespace uvspdy;
using namespace uvspdy::httpstream;
constexpr std::string_view kProtocols[] = {"echo.example"};

void report(const Error& error) { std::fprintf(stderr, "%s\n", error.message().c_str()); }

// The server: sends the bytes of a stream back, as fast as the client takes them, and the end.
void echo(const std::shared_ptr<Stream>& stream, StreamDecision decision) {
  Pump::start(source_of(stream->take_reader()), sink_of(stream->take_writer()), {});
  decision.accept();
}

void upgrade(const std::shared_ptr<HttpExchange>& exchange) {
  HttpResponse response;
  if (!handshake(exchange->request(), response, kProtocols)) return exchange->respond(response);
  const auto connection = ResponseUpgrader().upgrade_response(*exchange, response, echo);
  if (!connection) report(connection.error());  // the client has been answered
}

// The client: says hello on a stream, prints the answer, and closes after its end.
void say_hello(const std::shared_ptr<Connection>& connection) {
  connection->create_stream({{"topic", "hi"}}, [connection](auto created) {
    if (!created) return report(created.error()), connection->close();
    const std::shared_ptr<Stream> stream = *created;
    stream->on_data([](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); });
    // This handler holds the stream: one that nobody holds is reset.
    stream->on_end([stream, connection](const Error& error) {
      if (error) report(error);
      connection->close();
    });
    if (Error error = stream->write(Buffer(std::string("hello, stream\n")))) report(error);
    stream->close();
  });
}

int main() {
  uv_loop_t* loop = uv_default_loop();
  auto server = HttpServer::listen(loop, "127.0.0.1", 0, upgrade);
  if (!server) return report(server.error()), 1;
  const Url url{.host = "127.0.0.1", .port = (*server)->port()};
  Dialer(loop, url).dial({"echo.example"}, [&](Result<Dialed> dialed) {
    (*server)->close();
    dialed ? say_hello(dialed->connection) : report(dialed.error());
  });
  return uv_run(loop, UV_RUN_DEFAULT);
}
