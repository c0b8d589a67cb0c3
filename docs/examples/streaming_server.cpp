// A container runtime's streaming server: a Runtime of its own, in memory and without processes,
// that kubectl, a kubelet or an API server can exec into, attach to and port-forward to. The client
// here is uvspdy's own; it execs "upper", which sends its stdin back in capitals.

#include <uvspdy/httpstream.h>
#include <uvspdy/kube.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

using namespace uvspdy;
using namespace uvspdy::kube;
using httpstream::HttpServer;
using httpstream::Pump;
using httpstream::Source;

namespace {

/// What another source gives, in capitals.
class Upper : public Source {
 public:
  explicit Upper(std::unique_ptr<Source> source) : source_(std::move(source)) {}

  void start(DataHandler on_data, EndHandler on_end) override {
    source_->start(
        [on_data = std::move(on_data)](const httpstream::Piece& piece) {
          std::string text(text_of(piece.bytes()));
          for (char& c : text) {
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
          }
          on_data(httpstream::Piece(Buffer(std::move(text))));
        },
        std::move(on_end));
  }
  void pause() override { source_->pause(); }
  void resume() override { source_->resume(); }
  void discard() override { source_->discard(); }

 private:
  std::unique_ptr<Source> source_;
};

class MemoryRuntime : public Runtime {
 public:
  void exec(ExecRequest request, std::shared_ptr<ServedCommand> command) override {
    if (request.command.front() != "upper" || !request.use_stdin || !request.use_stdout) {
      return command->finish(exit_status(127, "there is only 'upper', with stdin and stdout"));
    }
    // The pump lives until it is over, and keeps the command. With a client that vanishes both go.
    Pump::start(std::make_unique<Upper>(source_of(command->take_standard_input())),
                sink_of(command->take_standard_output()),
                [command](const Error&) { command->finish(exit_status(0)); });
  }

  void attach(AttachRequest, std::shared_ptr<ServedCommand> command) override {
    if (httpstream::StreamWriter output = command->take_standard_output()) {
      if (!output.write(Buffer(std::string("nothing runs here\n")))) output.end();
    }
    command->finish(exit_status(0));
  }

  // Every port is an echo server. A real one would connect: net::connect_tcp, connect_to.
  void port_forward(PortForwardRequest, std::shared_ptr<ForwardedConnection> connection) override {
    const auto data = connection->take_data_stream();
    if (!data) return;  // the client has left
    Pump::start(source_of(data->take_reader()), sink_of(data->take_writer()),
                [connection](const Error&) {});
  }
};

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  uv_loop_t* loop = uv_default_loop();
  StreamingServer server(loop, std::make_shared<MemoryRuntime>());
  auto http = HttpServer::listen(loop, "127.0.0.1", 0, [&](auto exchange) {
    // Paths of API servers and kubelets say all that is wanted; who asks would be checked here.
    const auto target = httpstream::parse_target(exchange->request().target);
    if (!target || !is_streaming_path(target->path)) {
      // The URLs of exec_url, attach_url and port_forward_url, which a CRI runtime hands out.
      return server.serve(exchange);
    }
    auto request = parse_streaming_target(*target);
    if (!request) return exchange->respond(server.response_for(request.error()));
    server.serve(exchange, std::move(*request));
  });
  if (!http) return std::fprintf(stderr, "%s\n", http.error().message().c_str()), 1;

  ClientConfig config;
  config.server = {.host = "127.0.0.1", .port = (*http)->port()};
  auto client = ApiServer::create(loop, config);
  if (!client) return std::fprintf(stderr, "%s\n", client.error().message().c_str()), 1;
  ExecRequest request;
  request.pod = "demo";
  request.command = {"upper"};
  request.use_stdin = true;
  request.use_stderr = false;
  httpstream::StreamReader output;
  exec(**client, request,
       {.on_started =
            [&](RemoteCommandStreams streams) {
              output = std::move(streams.standard_output);
              output.on_data(
                  [](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); });
              httpstream::StreamWriter input = std::move(streams.standard_input);
              if (!input.write(Buffer(std::string("hello, runtime\n")))) input.end();
            },
        .on_exit =
            [&](auto status) {
              if (!status) std::fprintf(stderr, "%s\n", status.error().message().c_str());
              (*http)->close();
              server.stop({});
            }});
  return uv_run(loop, UV_RUN_DEFAULT);
}
