#include <unistd.h>
#include <uv.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "flow_control.h"
#include "loop.h"
#include "report.h"
#include "stdio.h"
#include "uvspdy/httpstream/url.h"
#include "uvspdy/kube/exec_client.h"
#include "uvspdy/net/tcp.h"

using namespace uvspdy;

namespace {

// What we keep of an output that is slower than the connection before its stream is paused.
constexpr std::size_t kOutputHighWater = 256 * 1024;

struct ExecFlags {
  std::string server;
  std::string pod_namespace = "default";
  std::string container;
  bool use_stdin = false;
  session::FlowControl flow_control = session::FlowControl::kAutomatic;
  std::string pod;
  std::vector<std::string> command;
};

/// Dies the way a program does whose reader has gone, so that `uvspdy exec ... | head` ends
/// quietly.
[[noreturn]] void die_of_sigpipe() {
  std::signal(SIGPIPE, SIG_DFL);
  std::raise(SIGPIPE);
  std::_Exit(128 + SIGPIPE);
}

/// A remote command between this process's standard streams.
class RemoteCommand {
 public:
  explicit RemoteCommand(uv_loop_t* loop)
      : input_(loop, STDIN_FILENO, [this](Result<Buffer> piece) { send_input(std::move(piece)); }),
        output_(loop, STDOUT_FILENO, writer_handlers(streams_.standard_output)),
        error_output_(loop, STDERR_FILENO, writer_handlers(streams_.standard_error)) {}

  void run(uv_loop_t* loop, kube::ExecOptions options) {
    kube::exec(loop, std::move(options),
               {[this](const kube::ExecStreams& streams) { started(streams); },
                [this](Result<kube::ExitStatus> status) {
                  status_ = std::move(status);
                  maybe_exit();
                }});
  }

 private:
  using StreamPtr = std::shared_ptr<httpstream::Stream>;

  FdWriter::Handlers writer_handlers(StreamPtr& stream) {
    return {[this, &stream] {
              if (stream) stream->resume();
              maybe_exit();
            },
            [](const Error& error) {
              if (error.code().value() == UV_EPIPE) die_of_sigpipe();
              std::_Exit(report_error("exec", error.message()));
            }};
  }

  void started(const kube::ExecStreams& streams) {
    streams_ = streams;
    connect(streams_.standard_output, output_);
    connect(streams_.standard_error, error_output_);
    if (!streams_.standard_input) return;
    streams_.standard_input->on_data([](Bytes) {});
    streams_.standard_input->on_writable([this] { input_.read(); });
    input_.read();
  }

  static void connect(const StreamPtr& stream, FdWriter& writer) {
    if (!stream) return;
    stream->on_data([&stream, &writer](Bytes bytes) {
      writer.write(bytes);
      if (writer.pending() > kOutputHighWater) stream->pause();
    });
  }

  void send_input(Result<Buffer> piece) {
    if (!piece) std::_Exit(report_error("exec", piece.error().message()));
    Buffer& buffer = *piece;
    const StreamPtr& stream = streams_.standard_input;
    if (buffer.empty()) {
      (void)stream->close();
      return;
    }
    if (stream->write(std::move(buffer))) return;  // the command takes no more
    if (stream->writable()) input_.read();
  }

  // When the command is over and its output is with our own readers. A read of stdin may still be
  // under way, perhaps for ever, so this does not wait for the loop to run out.
  void maybe_exit() {
    if (!status_ || output_.pending() > 0 || error_output_.pending() > 0) return;
    if (!*status_) std::_Exit(report_error("exec", kube::describe(status_->error())));
    const kube::ExitStatus& status = **status_;
    if (status.code != 0) report_error("exec", status.message);
    std::_Exit(status.code);
  }

  kube::ExecStreams streams_;
  FdReader input_;
  FdWriter output_;
  FdWriter error_output_;
  std::optional<Result<kube::ExitStatus>> status_;
};

int exec(const ExecFlags& flags) {
  const Result<httpstream::Url> server = httpstream::parse_url(flags.server);
  if (!server) return report_error("exec", "--server: " + server.error().message());
  if (server->target != "/") {
    return report_error("exec", "--server must not have a path: '" + server->target + "'");
  }
  if (server->host != "localhost" && !net::is_loopback(server->host)) {
    return report_error("exec", "--server " + flags.server +
                                    ": plain http is for loopback addresses only, and there is no "
                                    "TLS yet");
  }
  if (flags.command.empty()) {
    return report_error("exec", "give the command behind --, as in: uvspdy exec ... POD -- ls", 2);
  }
  kube::ExecOptions options;
  options.server = *server;
  options.request.pod_namespace = flags.pod_namespace;
  options.request.pod = flags.pod;
  options.request.container = flags.container;
  options.request.command = flags.command;
  options.request.use_stdin = flags.use_stdin;
  options.round_tripper.connection.session.flow_control = flags.flow_control;

  Loop loop;
  RemoteCommand command(loop.get());
  command.run(loop.get(), std::move(options));
  loop.run();
  return report_error("exec", "the connection ended without a result");
}

}  // namespace

void add_exec(CLI::App& app, const std::vector<std::string>& command_words, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "exec", "Run a command in a pod and exit as it does: exec [OPTIONS] POD -- COMMAND...");
  auto flags = std::make_shared<ExecFlags>();
  command
      ->add_option("-s,--server", flags->server, "URL of the server, such as http://127.0.0.1:8080")
      ->required();
  command->add_option("-n,--namespace", flags->pod_namespace, "The pod's namespace")
      ->capture_default_str();
  command->add_option("-c,--container", flags->container, "The container, if the pod has several");
  command->add_flag("-i,--stdin", flags->use_stdin, "Pass standard input on to the command");
  add_flow_control(*command, flags->flow_control);
  command->add_option("POD", flags->pod, "The pod")->required();
  command->callback([flags, command_words, &exit_code] {
    flags->command = command_words;
    exit_code = exec(*flags);
  });
}
