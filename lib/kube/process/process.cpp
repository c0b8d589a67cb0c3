#include "kube/process/process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "kube/process/descriptor_ends.h"
#include "kube/process/environment.h"
#include "kube/process/spawn_on_terminal.h"
#include "net/descriptor.h"
#include "uvspdy/kube/process/exit_code.h"
#include "uvspdy/net/error.h"

namespace uvspdy::kube {
namespace {

constexpr std::size_t kDescriptors = 3;  // stdin, stdout, stderr

struct PipeEnds {
  net::Descriptor read;
  net::Descriptor write;
};

Result<PipeEnds> make_pipe(int read_flags, int write_flags) {
  uv_file fds[2];
  const int status = uv_pipe(fds, read_flags, write_flags);
  if (status < 0) return net::uv_error(status, "create a pipe");
  return PipeEnds{net::Descriptor(fds[0]), net::Descriptor(fds[1])};
}

Error start_error(const std::string& command, int status) {
  const std::string name = "exec: '" + command + "'";
  return Error(std::error_code(status, net::uv_category()),
               status == UV_ENOENT ? name + ": no such file or command"
                                   : name + ": cannot run: " + uv_strerror(status));
}

// Adds TERM, as container runtimes do, since terminal programs need it.
std::vector<std::string> terminal_environment(std::vector<std::string> environment) {
  if (environment.empty()) environment = environment_of(environment_variables());
  const bool has_term =
      std::any_of(environment.begin(), environment.end(),
                  [](const std::string& variable) { return variable.starts_with("TERM="); });
  if (!has_term) environment.emplace_back("TERM=xterm");
  return environment;
}

}  // namespace

Process::Process(uv_loop_t* loop, std::shared_ptr<BufferPool> pool, ExitHandler on_exit)
    : loop_(loop), pool_(std::move(pool)), on_exit_(std::move(on_exit)) {}

Process::~Process() {
  if (terminal_) terminal_->stream()->on_closing({});
}

Error Process::start(const Options& options) {
  if (options.command.empty()) return start_error({}, UV_EINVAL);
  Error error = options.tty ? start_on_terminal(options) : start_with_pipes(options);
  if (error) {
    stdin_.reset();
    outputs_ = {};
  }
  return error;
}

Error Process::start_on_terminal(const Options& options) {
  Result<std::unique_ptr<PseudoTerminal>> terminal =
      PseudoTerminal::open(loop_, options.size, pool_);
  if (!terminal) return terminal.error();

  const Result<int> pid = spawn_on_terminal(
      options.command, terminal_environment(options.environment), (*terminal)->slave_path());
  if (!pid) return start_error(options.command.front(), pid.error().code().value());
  Result<std::unique_ptr<ChildWatch>> watch =
      ChildWatch::start(loop_, *pid, [this](int exit_code) { exited(exit_code); });
  if (!watch) {
    uv_kill(-*pid, SIGKILL);
    waitpid(*pid, nullptr, 0);
    return watch.error();
  }
  watch_ = std::move(*watch);
  terminal_ = std::move(*terminal);
  pid_ = group_ = *pid;
  terminal_->stream()->on_closing([this] { remember_foreground(); });
  if (options.use_stdin) stdin_ = terminal_->stream();
  if (options.use_stdout) {
    stream_of(Output::kStdout) = terminal_->stream();
  } else {
    terminal_->stream()->start_reading({}, {});
  }
  return {};
}

Error Process::start_with_pipes(const Options& options) {
  std::array<net::Descriptor, kDescriptors> child_ends;
  if (options.use_stdin) {
    Result<PipeEnds> ends = make_pipe(0, UV_NONBLOCK_PIPE);
    if (!ends) return ends.error();
    child_ends[0] = std::move(ends->read);
    auto stream = DescriptorStream::open(loop_, std::move(ends->write), pool_);
    if (!stream) return stream.error();
    stdin_ = std::move(*stream);
  }
  for (const Output output : kOutputs) {
    if (!(output == Output::kStdout ? options.use_stdout : options.use_stderr)) continue;
    Result<PipeEnds> ends = make_pipe(UV_NONBLOCK_PIPE, 0);
    if (!ends) return ends.error();
    child_ends[static_cast<std::size_t>(output) + 1] = std::move(ends->write);
    auto stream = DescriptorStream::open(loop_, std::move(ends->read), pool_);
    if (!stream) return stream.error();
    stream_of(output) = std::move(*stream);
  }

  std::array<uv_stdio_container_t, kDescriptors> stdio{};
  for (std::size_t i = 0; i < kDescriptors; ++i) {
    stdio[i].flags = child_ends[i].get() >= 0 ? UV_INHERIT_FD : UV_IGNORE;
    stdio[i].data.fd = child_ends[i].get();
  }
  if (options.inherit_stdin) {
    stdio[0].flags = UV_INHERIT_FD;
    stdio[0].data.fd = STDIN_FILENO;
  }
  std::vector<std::string> words = options.command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<std::string> variables = options.environment;
  std::vector<char*> environment;
  environment.reserve(variables.size() + 1);
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);

  uv_process_options_t spawn{};
  spawn.file = arguments.front();
  spawn.args = arguments.data();
  spawn.stdio = stdio.data();
  spawn.stdio_count = static_cast<int>(stdio.size());
  if (!variables.empty()) spawn.env = environment.data();
  if (options.own_group) spawn.flags = UV_PROCESS_DETACHED;  // setsid, for signal_group
  spawn.exit_cb = [](uv_process_t* process, std::int64_t status, int signal) noexcept {
    static_cast<Process*>(process->data)
        ->exited(signal != 0 ? exit_code_of_signal(signal) : static_cast<int>(status));
  };
  process_ = net::Handle<uv_process_t>::make();
  process_->data = this;
  const int status = uv_spawn(loop_, process_.get(), &spawn);
  if (status < 0) return start_error(options.command.front(), status);
  pid_ = process_->pid;
  if (options.own_group) group_ = pid_;
  return {};
}

void Process::exited(int exit_code) {
  exited_ = true;
  exit_code_ = exit_code;
  (void)signal_group(0);  // notes whether the group is gone
  if (terminal_) terminal_->release_slave();
  on_exit_();
}

std::unique_ptr<httpstream::Sink> Process::take_stdin() {
  if (!stdin_) return nullptr;
  return sink_of(stdin_, terminal_ ? WritingEnd::kIsNoEnd : WritingEnd::kCloses);
}

std::unique_ptr<httpstream::Source> Process::take_output(Output output) {
  const auto& stream = stream_of(output);
  return stream ? source_of(stream) : nullptr;
}

void Process::hang_up() {
  remember_foreground();
  if (terminal_) terminal_->stream()->on_closing({});
  terminal_.reset();
}

void Process::resize(winsize size) {
  if (terminal_) terminal_->resize(size);
}

void Process::end_output(Output output) {
  const auto& stream = stream_of(output);
  if (!stream) return;
  stream->end_behind(terminal_ ? PseudoTerminal::kHeldAtMost : stream->unread());
}

std::size_t Process::unread(Output output) const {
  const auto& stream = outputs_[static_cast<std::size_t>(output)];
  return stream ? stream->unread() : 0;
}

Error Process::output_error() const {
  for (const Output output : kOutputs) {
    const auto& stream = outputs_[static_cast<std::size_t>(output)];
    if (!stream || !stream->read_error()) continue;
    return Error(stream->read_error().code(),
                 std::string("the command's ") + (output == Output::kStdout ? "stdout" : "stderr") +
                     " cannot be read to its end: " + stream->read_error().message());
  }
  return {};
}

// Notes the foreground group while the terminal has one: until the leader exits, or a hang-up.
void Process::remember_foreground() {
  const int group = terminal_ ? terminal_->foreground_group() : 0;
  if (group > 0) foreground_group_ = group;
}

bool Process::signal_group(int signal) {
  remember_foreground();
  if (foreground_group_ == pid_) foreground_group_ = 0;
  bool anybody = group_ == 0 && running() && uv_kill(pid_, signal) == 0;
  for (int* group : {&group_, &foreground_group_}) {
    if (*group == 0) continue;
    const int status = uv_kill(-*group, signal);
    if (status == UV_ESRCH) *group = 0;
    anybody = anybody || status == 0;
  }
  return anybody;
}

int shell_exit_code(const Error& error) {
  return error.code() == std::error_code(UV_ENOENT, net::uv_category()) ? 127 : 126;
}

}  // namespace uvspdy::kube
