// A container runtime's streaming server: a Runtime of its own, in memory and without processes,
// that kubectl, a kubelet or an API server can exec into, attach to and port-forward to. The client
// here is uvspdy's own; it execs "upper", which sends its stdin back in capitals.

#include <uvspdy/httpstream/http_server.h>
#include <uvspdy/httpstream/pump.h>
#include <uvspdy/kube.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

using namespace uvspdy;
using namespace uvspdy::kube;
using namespace uvspdy::httpstream;

namespace {

void report(const Error& error) { std::fprintf(stderr, "%s\n", describe(error).c_str()); }

/// The bytes of another source, in capitals. That source does the pausing and has the end.
class Capitals final : public Source {
 public:
  explicit Capitals(std::unique_ptr<Source> from) : from_(std::move(from)) {}

  void start(DataHandler on_data, EndHandler on_end) override {
    auto capitals = [on_data = std::move(on_data)](Piece piece) {
      std::string text(text_of(piece.bytes()));
      for (char& c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      }
      on_data(Piece(Buffer(std::move(text))));
    };
    from_->start(std::move(capitals), std::move(on_end));
  }
  void pause() override { from_->pause(); }
  void resume() override { from_->resume(); }
  void discard() override { from_->discard(); }

 private:
  std::unique_ptr<Source> from_;
};

class MemoryRuntime : public Runtime {
 public:
  void exec(ExecRequest request, std::shared_ptr<ServedCommand> command) override {
    if (request.command.front() != "upper" || !request.use_stdin || !request.use_stdout) {
      return command->finish(exit_status(127, "there is only 'upper', with stdin and stdout"));
    }
    // A client that takes no output is not read from; if a client vanishes, the pump ends, too.
    Pump::start(std::make_unique<Capitals>(source_of(command->take_standard_input())),
                sink_of(command->take_standard_output()), [command](const Error& error) {
                  command->finish(exit_status(error ? 1 : 0, error.message()));
                });
  }

  void attach(AttachRequest, std::shared_ptr<ServedCommand> command) override {
    command->finish(exit_status(1, "nothing runs here"));
  }

  // Every port is an echo server. A real one would connect: net::connect_tcp, connect_to.
  void port_forward(PortForwardRequest, std::shared_ptr<ForwardedConnection> connection) override {
    const std::shared_ptr<Stream> data = connection->take_data_stream();
    if (!data) return;  // the client has left
    // The handler keeps the connection until the stream is over.
    Pump::start(source_of(data->take_reader()), sink_of(data->take_writer()),
                [connection](const Error&) {});
  }
};

/// The client's end of a command: sends a line, and prints the answer.
class Conversation {
 public:
  void start(RemoteCommandStreams streams) {
    output_ = std::move(streams.standard_output);
    output_.on_data([](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); });
    const Error error = streams.standard_input.write(Buffer(std::string("hello, runtime\n")));
    if (error) report(error);
    streams.standard_input.end();
  }

 private:
  StreamReader output_;
};

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  uv_loop_t* loop = uv_default_loop();
  StreamingServer server(loop, std::make_shared<MemoryRuntime>());
  auto http = HttpServer::listen(loop, "127.0.0.1", 0, [&](auto exchange) {
    // Paths of API servers and kubelets have the whole request. A real server checks its sender.
    const auto target = parse_target(exchange->request().target);
    if (!target || !is_streaming_path(target->path)) {
      // The URLs of exec_url, attach_url and port_forward_url, which a CRI runtime hands out.
      return server.serve_token(exchange);
    }
    auto request = parse_streaming_target(*target);
    if (!request) return exchange->respond(server.response_for(request.error()));
    server.serve_authorized(exchange, std::move(*request));
  });
  if (!http) return report(http.error()), 1;

  ClientConfig config;
  config.server = {.host = "127.0.0.1", .port = (*http)->port()};
  auto client = ApiServer::create(loop, config);
  if (!client) return report(client.error()), 1;
  ExecRequest request;
  request.pod = "demo";
  request.command = {"upper"};
  request.use_stdin = true;
  request.use_stderr = false;
  Conversation conversation;
  kube::exec(**client, request,
             {.on_started = [&](auto streams) { conversation.start(std::move(streams)); },
              .on_exit =
                  [&](auto status) {
                    if (!status) report(status.error());
                    (*http)->close();
                    server.stop({});
                  }});
  return uv_run(loop, UV_RUN_DEFAULT);
}
