// A container runtime's streaming server: a Runtime of its own, in memory and without processes,
// that kubectl, a kubelet or an API server can exec into, attach to and port-forward to. The client
// here is uvspdy's own; it execs "upper", which sends its stdin back in capitals.

#include <uvspdy/httpstream/http_server.h>
#include <uvspdy/kube.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>

using namespace uvspdy;
using namespace uvspdy::kube;
using httpstream::HttpServer;
using StreamPtr = std::shared_ptr<httpstream::Stream>;

namespace {

/// Sends back what comes, changed by `change`, until the client ends. While the client does not
/// take it, nothing more is read from it.
template <class Change>
void answer(const StreamPtr& from, const StreamPtr& to, Change change) {
  from->on_data([from, to, change](Bytes bytes) {
    std::string text(text_of(bytes));
    for (char& c : text) c = change(c);
    if (!to->write(Buffer(std::move(text))) && !to->writable()) from->pause();
  });
  to->on_writable([from] { from->resume(); });
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char same(char c) { return c; }

class MemoryRuntime : public Runtime {
 public:
  void exec(ExecRequest request, std::shared_ptr<RemoteCommandSession> session) override {
    if (request.command.front() != "upper" || !session->standard_input() ||
        !session->standard_output()) {
      return session->finish(exit_status(127, "there is only 'upper', with stdin and stdout"));
    }
    answer(session->standard_input(), session->standard_output(), upper);
    // The handler keeps the session. With a client that vanishes both go.
    session->standard_input()->on_end([session] { session->finish(exit_status(0)); });
  }

  void attach(AttachRequest, std::shared_ptr<RemoteCommandSession> session) override {
    if (session->standard_output()) {
      (void)session->standard_output()->write(Buffer(std::string("nothing runs here\n")));
    }
    session->finish(exit_status(0));
  }

  // Every port is an echo server. A real one would connect: net::connect_tcp, connect_to.
  void port_forward(PortForwardRequest, std::shared_ptr<ForwardedConnection> connection) override {
    const StreamPtr data = connection->take_data_stream();
    if (!data) return;  // the client has left
    answer(data, data, same);
    data->on_end([data, connection] { (void)data->close(); });
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
      return server.serve_token(exchange);
    }
    auto request = parse_streaming_target(*target);
    if (!request) return exchange->respond(server.response_for(request.error()));
    server.serve_authorized(exchange, std::move(*request));
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
  exec(**client, request,
       {.on_started =
            [](const auto& streams) {
              streams.standard_output->on_data(
                  [](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); });
              (void)streams.standard_input->write(Buffer(std::string("hello, runtime\n")));
              (void)streams.standard_input->close();
            },
        .on_exit =
            [&](auto status) {
              if (!status) std::fprintf(stderr, "%s\n", status.error().message().c_str());
              (*http)->close();
              server.stop({});
            }});
  return uv_run(loop, UV_RUN_DEFAULT);
}
