// echo.cpp again, with coroutines in place of handlers.
#include <uvspdy/httpstream.h>
#include <uvspdy/httpstream/coroutine.h>

#include <cstdio>
using namespace uvspdy;
using namespace uvspdy::httpstream;
constexpr std::string_view kProtocols[] = {"echo.example"};

void report(const Error& error) {
  if (error) std::fprintf(stderr, "%s\n", error.message().c_str());
}

// Sends the bytes of one stream back. `write` waits for room, and nothing is read meanwhile.
co::Task<Error> echo(co::Stream stream) {
  for (;;) {
    const Result<Buffer> piece = co_await stream.read();
    if (!piece) co_return piece.error();
    if (piece->empty()) break;  // the client's end
    if (Error error = co_await stream.write(*piece)) co_return error;
  }
  co_return co_await stream.close();
}

// Accepts the streams of one connection until the connection ends. The group ends with this
// coroutine, and so do the tasks that still wait in it.
co::Task<> serve(uv_loop_t* loop, co::Connection connection) {
  co::TaskGroup streams(loop);
  while (Result<co::NewStream> incoming = co_await connection.accept()) {
    incoming->decision.accept();
    streams.spawn(echo(std::move(incoming->stream)), report);
  }
}

co::Task<> accept_requests(uv_loop_t* loop, co::IncomingRequests requests) {
  co::TaskGroup connections(loop);
  while (const auto exchange = co_await requests.accept()) {
    HttpResponse response;
    if (!handshake((*exchange)->request(), response, kProtocols)) {
      (*exchange)->respond(response);
      continue;
    }
    auto connection = co::upgrade_response(ResponseUpgrader(), **exchange, response);
    if (!connection) {
      report(connection.error());  // the client has been answered
      continue;
    }
    connections.spawn(serve(loop, std::move(*connection)));
  }
}

co::Task<Error> hello(Dialer dialer) {
  std::vector<std::string> protocols = {"echo.example"};
  Result<co::Dialed> dialed = co_await co::dial(dialer, std::move(protocols));
  if (!dialed) co_return dialed.error();
  const Headers headers = {{"topic", "hi"}};
  Result<co::Stream> stream = co_await dialed->connection.create_stream(headers);
  if (!stream) co_return stream.error();
  Buffer text(std::string("hello, stream\n"));
  if (Error error = co_await stream->write(std::move(text))) co_return error;
  if (Error error = co_await stream->close()) co_return error;
  for (;;) {
    const Result<Buffer> piece = co_await stream->read();
    if (!piece) co_return piece.error();
    if (piece->empty()) break;
    std::fwrite(piece->bytes().data(), 1, piece->size(), stdout);
  }
  co_return co_await dialed->connection.close();
}

// Runs `hello` for ten seconds at most.
co::Task<Error> hello_in_time(uv_loop_t* loop, Dialer dialer) {
  constexpr std::chrono::seconds kPatience(10);
  co_return co_await co::with_timeout(loop, kPatience, hello(std::move(dialer)));
}

int main() {
  uv_loop_t* loop = uv_default_loop();
  const co::IncomingRequests requests;
  auto server = HttpServer::listen(loop, "127.0.0.1", 0, requests.handler());
  if (!server) return report(server.error()), 1;
  Error outcome;
  {
    co::TaskGroup tasks(loop);
    tasks.spawn(accept_requests(loop, requests));
    const Url url{.host = "127.0.0.1", .port = (*server)->port()};
    tasks.spawn(hello_in_time(loop, Dialer(loop, url)), [&](Error error) {
      outcome = std::move(error);
      (*server)->close();
      tasks.cancel();  // the server's tasks, with the objects that they own
    });
    uv_run(loop, UV_RUN_DEFAULT);
  }
  uv_run(loop, UV_RUN_DEFAULT);  // closes the group's own handle
  report(outcome);
  return uv_loop_close(loop) == 0 && !outcome ? 0 : 1;
}
