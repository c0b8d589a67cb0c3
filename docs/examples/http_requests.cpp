// Requests of all kinds on one port: an HttpServer that answers some itself and upgrades others, an
// HttpClient that sends a GET first, as kubectl does, and a Dialer that then uses the same route.

#include <uvspdy/httpstream.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>

using namespace uvspdy;
using namespace uvspdy::httpstream;

namespace {

constexpr std::string_view kProtocols[] = {"echo.example"};

void upgrade(HttpExchange& exchange) {
  HttpResponse response;
  if (!handshake(exchange.request(), response, kProtocols)) {
    return exchange.respond(response);
  }
  const auto connection =
      ResponseUpgrader().upgrade_response(exchange, response, NoOpNewStreamHandler());
  if (!connection) std::fprintf(stderr, "%s\n", connection.error().message().c_str());
}

Result<std::unique_ptr<HttpServer>> serve(uv_loop_t* loop) {
  const auto answer = [](const std::shared_ptr<HttpExchange>& exchange) {
    if (is_upgrade_request(exchange->request())) return upgrade(*exchange);
    exchange->respond({.body = "hello, " + exchange->request().target + "\n"});
  };
  return HttpServer::listen(loop, "127.0.0.1", 0, answer, {.max_pending = 16});
}

/// The route to the server, for HttpClient and Dialer.
RouteOptions patient_route() {
  return {
      .connect_timeout = std::chrono::minutes(2),
      .response_timeout = std::chrono::minutes(5),
  };
}

void get(uv_loop_t* loop, const Url& url, HttpClient::Handler handler) {
  const HttpClient client(loop, {.route = patient_route(), .max_body = 4096});
  client.get(url, {{"Accept", "text/plain"}}, std::move(handler));
}

net::Attempt dial(uv_loop_t* loop, const Url& url, Dialer::Handler handler) {
  const Dialer dialer(loop, url, {.method = "GET", .route = patient_route()});
  return dialer.dial({"echo.example", "another.example"}, std::move(handler));
}

/// Dials, and cancels the dial.
void change_our_mind(uv_loop_t* loop, const Url& url) {
  const net::Attempt attempt = dial(loop, url, [](const Result<Dialed>& dialed) {
    std::puts(dialed ? "connected" : "given up");
  });
  attempt.cancel();  // the handler gets UV_ECANCELED, in a later turn of the loop
}

int failed(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  return 1;
}

int connected(const Dialed& dialed) {
  std::printf("connected, by %s\n", dialed.protocol.c_str());
  dialed.connection->close();
  return 0;
}

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();
  auto server = serve(loop);
  if (!server) return failed(server.error());
  const Url url{.host = "127.0.0.1", .port = (*server)->port(), .target = "/index"};
  change_our_mind(loop, url);
  int result = 1;
  get(loop, url, [&](Result<HttpResponse> response) {
    if (!response) return (*server)->close();
    std::fputs(response->body.c_str(), stdout);
    dial(loop, url, [&](Result<Dialed> dialed) {
      (*server)->close();
      result = dialed ? connected(*dialed) : failed(dialed.error());
    });
  });
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? result : 1;
}
