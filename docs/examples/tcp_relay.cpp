// TCP connections through one SPDY connection. A listener hands each connection that it accepts to
// a stream, by two pumps; the far end connects each stream with a target, by a relay, which is the
// same two pumps in one. The target here sends all bytes back.

#include <uvspdy/httpstream.h>
#include <uvspdy/net/listener.h>
#include <uvspdy/net/tcp.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

using namespace uvspdy;
using namespace uvspdy::httpstream;

namespace {

constexpr std::string_view kProtocols[] = {"relay.example"};
constexpr std::chrono::seconds kConnectTimeout{10};

using TransportPtr = std::unique_ptr<net::Transport>;

void report(const Error& error) {
  if (error) std::fprintf(stderr, "%s\n", error.message().c_str());
}

/// The far end: joins a stream with the server on a port.
void relay_to(uv_loop_t* loop, std::uint16_t port, const std::shared_ptr<Stream>& stream,
              StreamDecision decision) {
  net::connect_tcp(loop, "127.0.0.1", port, kConnectTimeout,
                   [stream, decision](Result<TransportPtr> target) mutable {
                     if (!target) return decision.reject();
                     decision.accept();
                     Relay::start(stream, std::move(*target), report);
                   });
}

/// The near end: joins a connection with a stream by two pumps.
void join(TransportPtr transport, const std::shared_ptr<Stream>& stream) {
  TransportEnds ends = ends_of(std::move(transport));
  Pump::start(std::move(ends.source), sink_of(stream->take_writer()), report);
  Pump::start(source_of(stream->take_reader()), std::move(ends.sink), report);
}

/// The target: sends all bytes back.
void send_back(TransportPtr transport) {
  TransportEnds ends = ends_of(std::move(transport));
  Pump::start(std::move(ends.source), std::move(ends.sink), report);
}

Result<std::unique_ptr<net::Listener>> listen(uv_loop_t* loop,
                                              net::Listener::AcceptHandler on_accept) {
  return net::Listener::listen_tcp(loop, "127.0.0.1", 0, std::move(on_accept), report);
}

void upgrade(HttpExchange& exchange, NewStreamHandler on_new_stream) {
  HttpResponse response;
  if (!handshake(exchange.request(), response, kProtocols)) return exchange.respond(response);
  const auto connection =
      ResponseUpgrader().upgrade_response(exchange, response, std::move(on_new_stream));
  if (!connection) report(connection.error());
}

/// Says hello through the whole chain, and prints the answer.
class Client {
 public:
  explicit Client(OnceCallback<void()> done) : done_(std::move(done)) {}

  void start(TransportPtr connected) {
    connection_ = std::move(connected);
    connection_->set_read_handlers(
        [](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); },
        [this](const Error& error) { over(error); });
    connection_->start_reading();
    static const Bytes kHello = bytes_of("hello, relay\n");
    connection_->write(std::span(&kHello, 1), [this](Result<std::size_t> written) {
      if (!written) return over(written.error());
      connection_->shutdown(report);
    });
  }
  void over(const Error& error) {
    report(error);
    if (connection_) connection_->close({});
    done_();
  }

 private:
  TransportPtr connection_;
  OnceCallback<void()> done_;
};

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();
  auto target = listen(loop, send_back);
  if (!target) return report(target.error()), 1;
  const std::uint16_t port = (*target)->port();
  auto server = HttpServer::listen(loop, "127.0.0.1", 0, [loop, port](const auto& exchange) {
    upgrade(*exchange, [loop, port](const auto& stream, StreamDecision decision) {
      relay_to(loop, port, stream, std::move(decision));
    });
  });
  if (!server) return report(server.error()), 1;

  std::shared_ptr<Connection> connection;
  std::unique_ptr<net::Listener> near;
  Client client([&] {
    near->close();
    (*target)->close();
    (*server)->close();
    connection->close();
  });
  const Url url{.host = "127.0.0.1", .port = (*server)->port()};
  Dialer(loop, url).dial({"relay.example"}, [&](Result<Dialed> dialed) {
    if (!dialed) return report(dialed.error());
    connection = dialed->connection;
    auto listening = listen(loop, [&](TransportPtr accepted) {
      connection->create_stream({}, [accepted = std::move(accepted)](auto stream) mutable {
        stream ? join(std::move(accepted), *stream) : report(stream.error());
      });
    });
    if (!listening) return report(listening.error());
    near = std::move(*listening);
    net::connect_tcp(loop, "127.0.0.1", near->port(), kConnectTimeout, [&](auto connected) {
      connected ? client.start(std::move(*connected)) : client.over(connected.error());
    });
  });
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? 0 : 1;
}
