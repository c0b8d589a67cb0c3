#include <uvspdy/httpstream.h>

#include <cstdio>
using namespace uvspdy;
using namespace uvspdy::httpstream;
constexpr std::string_view kProtocols[] = {"echo.example"};

int main() {
  uv_loop_t* loop = uv_default_loop();
  // A server that sends back what comes on any stream. For a few bytes: one for more pauses the
  // stream while it is not writable, as own_http_server.cpp does.
  auto server = HttpServer::listen(loop, "127.0.0.1", 0, [&](auto exchange) {
    HttpResponse response;
    if (!handshake(exchange->request(), response, kProtocols)) return exchange->respond(response);
    (void)ResponseUpgrader().upgrade_response(*exchange, response, [](auto stream, auto decision) {
      stream->on_data([stream](Bytes bytes) { (void)stream->write(Buffer::copy_of(bytes)); });
      stream->on_end([stream](const Error&) { stream->close(); });
      decision.accept();
    });
  });
  if (!server) return std::fprintf(stderr, "%s\n", server.error().message().c_str()), 1;
  // A client that says hello on one stream, and closes when the echo has ended.
  const Url url{.host = "127.0.0.1", .port = (*server)->port()};
  Dialer(loop, url).dial({"echo.example"}, [&](Result<Dialed> dialed) {
    (*server)->close();
    if (!dialed) return (void)std::fprintf(stderr, "%s\n", dialed.error().message().c_str());
    dialed->connection->create_stream({{"topic", "hi"}}, [c = dialed->connection](auto stream) {
      if (!stream) return c->close();
      (*stream)->on_data([](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); });
      (*stream)->on_end([c](const Error&) { c->close(); });
      (void)(*stream)->write(Buffer(std::string("hello, stream\n")));
      (*stream)->close();
    });
  });
  return uv_run(loop, UV_RUN_DEFAULT);
}
