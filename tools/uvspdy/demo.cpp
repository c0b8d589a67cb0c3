#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "command_line/help.h"
#include "commands.h"
#include "loop.h"
#include "report.h"
#include "serve/pod_server.h"
#include "uvspdy/callback.h"
#include "uvspdy/kube/client/remote_command_client.h"
#include "uvspdy/kube/process/exit_code.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/printable.h"
#include "uvspdy/session/trace.h"

namespace uvspdy::command {
namespace {

constexpr const char* kPod = "demo";
constexpr const char* kScript =
    "echo \"hello from $0\"; echo 'and a word on stderr' >&2; tr a-z A-Z; exit 3";
constexpr const char* kInput = "these bytes go in by stdin\n";
constexpr int kExpectedCode = 3;

std::vector<std::string> demo_command(const char* name) { return {"sh", "-c", kScript, name}; }

/// The path of a program on PATH, or empty.
std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    std::string candidate = rest.substr(0, end) + "/" + name;
    rest.erase(0, std::min(end + 1, rest.size()));
    std::error_code ignored;
    if (access(candidate.c_str(), X_OK) == 0 &&
        std::filesystem::is_regular_file(candidate, ignored)) {
      return candidate;
    }
  }
  return {};
}

void print_indented(const char* label, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::printf("  %-7s %.*s\n", label, static_cast<int>(end), text.data());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// The record of an exec: its output, its frames, and its result.
struct Transcript {
  std::string output;
  std::string error_output;
  std::vector<std::string> frames;
  Result<kube::ExitStatus> status = kube::ExitStatus{};
  // The readers of output and error_output.
  httpstream::StreamReader standard_output;
  httpstream::StreamReader standard_error;
};

/// Sends the input, and reads the outputs.
void take_part(kube::RemoteCommandStreams streams, Transcript& transcript) {
  transcript.standard_output = std::move(streams.standard_output);
  transcript.standard_output.on_data(
      [&transcript](Bytes bytes) { transcript.output += text_of(bytes); });
  transcript.standard_error = std::move(streams.standard_error);
  transcript.standard_error.on_data(
      [&transcript](Bytes bytes) { transcript.error_output += text_of(bytes); });
  if (!streams.standard_input.write(Buffer(std::string(kInput)))) streams.standard_input.end();
}

/// `done` is scheduled when the connection's last frame, our GOAWAY, was sent.
void run_exec(uv_loop_t* loop, std::uint16_t port, Transcript& transcript, net::Wakeup& done) {
  kube::ClientConfig config;
  config.server.host = "127.0.0.1";
  config.server.port = port;
  kube::ExecRequest request;
  request.pod = kPod;
  request.use_stdin = true;
  request.command = demo_command("uvspdy exec");
  kube::ApiServer::Options options;
  options.on_trace = [&](const session::FrameTrace& frame) {
    transcript.frames.push_back(session::to_string(frame));
    const bool goaway = frame.type == static_cast<std::uint16_t>(wire::FrameType::kGoAway);
    if (goaway && frame.direction == session::FrameTrace::Direction::kOut) done.schedule();
  };
  auto server = kube::ApiServer::create(loop, std::move(config), std::move(options));
  if (!server) {
    transcript.status = server.error();
    return done.schedule();
  }
  kube::exec(
      **server, request,
      {[&](kube::RemoteCommandStreams streams) { take_part(std::move(streams), transcript); },
       [&](Result<kube::ExitStatus> status) {
         transcript.status = std::move(status);
         if (!transcript.status) done.schedule();
       }});
}

bool print_transcript(const Transcript& transcript) {
  print_indented("stdin", kInput);
  print_indented("stdout", transcript.output);
  print_indented("stderr", transcript.error_output);
  if (!transcript.status) {
    std::printf("  failed: %s\n", printable(kube::describe(transcript.status.error())).c_str());
    return false;
  }
  std::printf("  exit code %d\n\nThe frames of its connection, as the client saw them:\n\n",
              transcript.status->code);
  for (const std::string& frame : transcript.frames) std::printf("  %s\n", frame.c_str());
  return transcript.status->code == kExpectedCode &&
         transcript.output.find("THESE BYTES GO IN BY STDIN") != std::string::npos;
}

/// kubectl as a child process with our standard streams.
class Kubectl {
 public:
  Kubectl(uv_loop_t* loop, const std::string& path, std::uint16_t port,
          OnceCallback<void(int)> done)
      : done_(std::move(done)) {
    char directory[] = "/tmp/uvspdy-demo-XXXXXX";
    if (mkdtemp(directory) == nullptr) {
      std::printf("  no temporary folder for kubectl: %s\n", std::strerror(errno));
      done_(1);
      return;
    }
    cache_ = directory;
    // A shell gives kubectl its stdin, and its command line shows how one would type the command.
    const std::string line = "printf '%s' \"" + std::string(kInput) + "\" | '" + path +
                             "' --server http://127.0.0.1:" + std::to_string(port) +
                             " --cache-dir '" + cache_ + "' exec -i " + kPod + " -- sh -c '" +
                             escaped(kScript) + "' 'kubectl exec'";
    std::array<std::string, 3> words = {"sh", "-c", line};
    std::array<char*, 4> arguments = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    std::string kubeconfig = "KUBECONFIG=/dev/null";
    std::string home = "HOME=" + cache_;
    const char* path_variable = std::getenv("PATH");
    std::string search = std::string("PATH=") + (path_variable != nullptr ? path_variable : "");
    std::array<char*, 4> environment = {kubeconfig.data(), home.data(), search.data(), nullptr};
    std::array<uv_stdio_container_t, 3> stdio{};
    for (int fd = 0; fd < 3; ++fd) {
      stdio[static_cast<std::size_t>(fd)].flags = fd == 0 ? UV_IGNORE : UV_INHERIT_FD;
      stdio[static_cast<std::size_t>(fd)].data.fd = fd;
    }
    uv_process_options_t options{};
    options.file = arguments[0];
    options.args = arguments.data();
    options.env = environment.data();
    options.stdio = stdio.data();
    options.stdio_count = static_cast<int>(stdio.size());
    options.exit_cb = [](uv_process_t* process, std::int64_t status, int signal) {
      static_cast<Kubectl*>(process->data)
          ->exited(signal != 0 ? kube::exit_code_of_signal(signal) : static_cast<int>(status));
    };
    process_.data = this;
    if (uv_spawn(loop, &process_, &options) != 0) exited(127);
  }

  ~Kubectl() {
    if (cache_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove_all(cache_, ignored);
  }
  Kubectl(const Kubectl&) = delete;
  Kubectl& operator=(const Kubectl&) = delete;

 private:
  // Escapes text for single quotes.
  static std::string escaped(std::string text) {
    for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4) {
      text.replace(at, 1, "'\\''");
    }
    return text;
  }

  void exited(int status) {
    void* handle = &process_;
    uv_close(static_cast<uv_handle_t*>(handle), nullptr);
    done_(status);
  }

  OnceCallback<void(int)> done_;
  std::string cache_;
  uv_process_t process_{};
};

int demo() {
  Result<Loop> loop = Loop::open();
  if (!loop) return report_error("demo", loop.error().message());
  PodServer::Options options;
  options.pod = kPod;
  Result<std::unique_ptr<PodServer>> server = PodServer::start(loop->get(), std::move(options));
  if (!server) return report_error("demo", server.error().message());
  const std::uint16_t port = (*server)->port();
  std::printf("A server runs in this process: http://127.0.0.1:%u, pod '%s'.\n\n", port, kPod);
  std::printf("An exec over TCP, by this library's own client:\n\n");

  bool good = true;
  Transcript transcript;
  std::unique_ptr<Kubectl> kubectl;
  const auto stop = [&] { (*server)->stop([] {}); };
  const auto with_kubectl = [&] {
    good = print_transcript(transcript);
    const std::string path = find_program("kubectl");
    if (path.empty()) {
      std::printf("\nkubectl is not on the PATH: its part is left out.\n");
      return stop();
    }
    std::printf("\nThe same by %s, unmodified:\n\n", path.c_str());
    std::fflush(stdout);
    kubectl = std::make_unique<Kubectl>(loop->get(), path, port, [&](int status) {
      std::printf("  exit code %d\n", status);
      good = good && status == kExpectedCode;
      stop();
    });
  };
  std::optional<net::Wakeup> exec_done;
  exec_done.emplace(loop->get(), with_kubectl);
  run_exec(loop->get(), port, transcript, *exec_done);
  loop->run();
  exec_done.reset();
  loop->run();
  if (!good) return report_error("demo", "this is not what it should look like");
  std::printf("\nBoth ends did what they should.\n");
  return 0;
}

}  // namespace

void add_demo(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "demo", "Show an exec and its frames, with kubectl, too, if there is one.");
  set_help(*command, {.words = {}, .examples = {}});
  command->callback([&exit_code] { exit_code = demo(); });
}

}  // namespace uvspdy::command
