#include <unistd.h>
#include <uv.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "client_flags.h"
#include "commands.h"
#include "loop.h"
#include "report.h"
#include "stdio.h"
#include "uvspdy/kube/remote_command_client.h"

using namespace uvspdy;

namespace {

// What we keep of an output that is slower than the connection before its stream is paused.
constexpr std::size_t kOutputHighWater = 256 * 1024;

struct ExecFlags {
  ClientFlags client;
  std::string container;
  bool use_stdin = false;
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

  void run(kube::ApiServer& server, kube::ExecRequest request) {
    kube::exec(server, std::move(request),
               {[this](const kube::RemoteCommandStreams& streams) { started(streams); },
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

  void started(const kube::RemoteCommandStreams& streams) {
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

  kube::RemoteCommandStreams streams_;
  FdReader input_;
  FdWriter output_;
  FdWriter error_output_;
  std::optional<Result<kube::ExitStatus>> status_;
};

int exec(const ExecFlags& flags) {
  if (flags.command.empty()) {
    return report_error("exec", "give the command behind --, as in: uvspdy exec ... POD -- ls", 2);
  }
  Result<kube::ClientConfig> config = read_client_config(flags.client);
  if (!config) return report_error("exec", config.error().message());
  kube::ExecRequest request;
  request.pod_namespace = config->pod_namespace;
  request.pod = flags.pod;
  request.container = flags.container;
  request.command = flags.command;
  request.use_stdin = flags.use_stdin;

  Loop loop;
  auto server = make_api_server(loop.get(), flags.client, std::move(*config));
  if (!server) return report_error("exec", server.error().message());
  RemoteCommand command(loop.get());
  command.run(**server, std::move(request));
  loop.run();
  return report_error("exec", "the connection ended without a result");
}

}  // namespace

void add_exec(CLI::App& app, const std::vector<std::string>& command_words, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "exec", "Run a command in a pod and exit as it does: exec [OPTIONS] POD -- COMMAND...");
  auto flags = std::make_shared<ExecFlags>();
  add_client_flags(*command, flags->client);
  command->add_option("-c,--container", flags->container, "The container, if the pod has several");
  command->add_flag("-i,--stdin", flags->use_stdin, "Pass standard input on to the command");
  command->add_option("POD", flags->pod, "The pod")->required();
  command->callback([flags, command_words, &exit_code] {
    flags->command = command_words;
    exit_code = exec(*flags);
  });
}
