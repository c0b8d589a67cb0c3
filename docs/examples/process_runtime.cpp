// A container runtime's shim: a Runtime of its own that runs commands with uv_spawn, and joins
// their pipes with the client's streams by pumps. The client here is uvspdy's own; it execs a
// shell.

#include <unistd.h>
#include <uvspdy/httpstream.h>
#include <uvspdy/kube.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace uvspdy;
using namespace uvspdy::kube;
using httpstream::HttpServer;
using httpstream::Pump;

namespace {

/// A pipe whose ends are closed with it, unless they were taken.
struct OwnedPipe {
  uv_file ends[2] = {-1, -1};

  OwnedPipe() = default;
  OwnedPipe(const OwnedPipe&) = delete;
  OwnedPipe& operator=(const OwnedPipe&) = delete;
  ~OwnedPipe() {
    for (const uv_file end : ends) {
      if (end >= 0) close(end);
    }
  }
  uv_file take(int which) { return std::exchange(ends[which], -1); }
};

/// A running command; lives until libuv has closed its handle.
struct Run {
  uv_process_t process{};
  std::shared_ptr<ServedCommand> client;
  std::shared_ptr<Pump> input;

  // The pumps end the outputs when the pipes end; after that the status is sent.
  static void exited(uv_process_t* process, std::int64_t code, int signal) {
    auto* run = static_cast<Run*>(process->data);
    run->client->finish(
        exit_status(signal != 0 ? exit_code_of_signal(signal) : static_cast<int>(code)));
    if (run->input) run->input->give_up();  // nobody reads the rest of stdin
    uv_close(static_cast<uv_handle_t*>(static_cast<void*>(process)),
             [](uv_handle_t* closed) { std::unique_ptr<Run>(static_cast<Run*>(closed->data)); });
  }
};

class ProcessRuntime : public Runtime {
 public:
  explicit ProcessRuntime(uv_loop_t* loop) : loop_(loop) {}

  void exec(ExecRequest request, std::shared_ptr<ServedCommand> client) override {
    if (request.tty) return client->finish(exit_status(1, "there are no terminals here"));
    // Our ends do not block, the command's do. Streams that nobody has asked for are /dev/null.
    OwnedPipe in, out, err;
    int status = 0;
    if (request.use_stdin) status = uv_pipe(in.ends, 0, UV_NONBLOCK_PIPE);
    if (request.use_stdout && status == 0) status = uv_pipe(out.ends, UV_NONBLOCK_PIPE, 0);
    if (request.use_stderr && status == 0) status = uv_pipe(err.ends, UV_NONBLOCK_PIPE, 0);
    if (status < 0) return client->finish(exit_status(1, uv_strerror(status)));
    uv_stdio_container_t stdio[3]{};
    const uv_file ends[] = {in.ends[0], out.ends[1], err.ends[1]};
    for (int i = 0; i < 3; ++i) {
      stdio[i].flags = ends[i] < 0 ? UV_IGNORE : UV_INHERIT_FD;
      stdio[i].data.fd = ends[i];
    }
    std::vector<char*> words;
    for (std::string& word : request.command) words.push_back(word.data());
    words.push_back(nullptr);
    uv_process_options_t options{};
    options.file = words.front();
    options.args = words.data();
    options.stdio = stdio;
    options.stdio_count = 3;
    options.exit_cb = Run::exited;
    options.flags = UV_PROCESS_DETACHED;  // it leads a group of all processes that it starts

    auto run = std::make_unique<Run>();
    run->process.data = run.get();
    status = uv_spawn(loop_, &run->process, &options);
    run->input = join(client->take_standard_input(), in.take(1));
    join(out.take(0), client->take_standard_output());
    join(err.take(0), client->take_standard_error());
    run->client = std::move(client);
    if (status < 0) return Run::exited(&run.release()->process, 127, 0);
    run->client->on_gone([group = run->process.pid] { kill(-group, SIGKILL); });
    (void)run.release();  // libuv has it as long as the command runs
  }

  void attach(AttachRequest, std::shared_ptr<ServedCommand> client) override {
    client->finish(exit_status(1, "there is nothing to attach to"));
  }
  void port_forward(PortForwardRequest, std::shared_ptr<ForwardedConnection> connection) override {
    connection->fail("nobody listens");
  }

 private:
  std::shared_ptr<Pump> join(httpstream::StreamReader from, uv_file to) {
    if (!from) return nullptr;
    auto sink = sink_of_fd(loop_, to);
    return sink ? Pump::start(source_of(std::move(from)), std::move(*sink), {}) : nullptr;
  }
  void join(uv_file from, httpstream::StreamWriter to) {
    if (!to) return;
    auto source = source_of_fd(loop_, from, pool_);
    if (source) Pump::start(std::move(*source), sink_of(std::move(to)), {});
  }

  uv_loop_t* loop_;
  std::shared_ptr<BufferPool> pool_ = std::make_shared<BufferPool>(64 * 1024);
};

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  uv_loop_t* loop = uv_default_loop();
  StreamingServer server(loop, std::make_shared<ProcessRuntime>(loop));
  auto http = HttpServer::listen(loop, "127.0.0.1", 0, [&](auto exchange) {
    const auto target = httpstream::parse_target(exchange->request().target);
    auto request = target ? parse_streaming_target(*target) : target.error();
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
  request.command = {"sh", "-c", "tr a-z A-Z; exit 3"};
  request.use_stdin = true;
  httpstream::StreamReader output;
  exec(**client, request,
       {.on_started =
            [&](RemoteCommandStreams streams) {
              output = std::move(streams.standard_output);
              output.on_data(
                  [](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); });
              httpstream::StreamWriter input = std::move(streams.standard_input);
              if (!input.write(Buffer(std::string("hello, process\n")))) input.end();
            },
        .on_exit =
            [&](Result<ExitStatus> status) {
              if (!status) std::fprintf(stderr, "%s\n", status.error().message().c_str());
              if (status) std::printf("exit code %d\n", status->code);
              (*http)->close();
              server.stop({});
            }});
  return uv_run(loop, UV_RUN_DEFAULT);
}
