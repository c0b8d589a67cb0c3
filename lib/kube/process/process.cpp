#include "kube/process/process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

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

// As container runtimes do: what a terminal program needs at least.
std::vector<std::string> terminal_environment(std::vector<std::string> environment) {
  if (environment.empty()) environment = environment_of(environment_variables());
  const bool has_term =
      std::any_of(environment.begin(), environment.end(),
                  [](const std::string& variable) { return variable.starts_with("TERM="); });
  if (!has_term) environment.emplace_back("TERM=xterm");
  return environment;
}

}  // namespace

Process::Process(uv_loop_t* loop, std::shared_ptr<BufferPool> pool, Handlers handlers)
    : loop_(loop), pool_(std::move(pool)), handlers_(std::move(handlers)) {}

Process::~Process() = default;

Error Process::start(const Options& options) {
  if (options.command.empty()) return start_error({}, UV_EINVAL);
  return options.tty ? start_on_terminal(options) : start_with_pipes(options);
}

Error Process::start_on_terminal(const Options& options) {
  PseudoTerminal::Handlers handlers;
  if (options.use_stdout) {
    handlers.on_data = [this](Buffer buffer) {
      handlers_.on_output(Output::kStdout, std::move(buffer));
    };
  } else {
    handlers.on_data = [](const Buffer&) {};
  }
  handlers.on_end = [this, told = options.use_stdout](const Error& error) {
    terminal_.reset();
    if (told) output_ended(Output::kStdout, error);
  };
  handlers.on_drained = [this] { stdin_drained(); };
  Result<std::unique_ptr<PseudoTerminal>> terminal =
      PseudoTerminal::open(loop_, options.size, pool_, std::move(handlers));
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
  terminal_->start_reading();
  return {};
}

Error Process::start_with_pipes(const Options& options) {
  std::array<net::Descriptor, kDescriptors> child_ends;
  if (options.use_stdin) {
    Result<PipeEnds> ends = make_pipe(0, UV_NONBLOCK_PIPE);
    if (!ends) return ends.error();
    child_ends[0] = std::move(ends->read);
    ProcessPipe::Handlers handlers;
    handlers.on_drained = [this] { stdin_drained(); };
    Result<std::unique_ptr<ProcessPipe>> pipe =
        ProcessPipe::open(loop_, std::move(ends->write), pool_, std::move(handlers));
    if (!pipe) return pipe.error();
    stdin_ = std::move(*pipe);
  }
  for (const Output output : {Output::kStdout, Output::kStderr}) {
    if (!(output == Output::kStdout ? options.use_stdout : options.use_stderr)) continue;
    Result<PipeEnds> ends = make_pipe(UV_NONBLOCK_PIPE, 0);
    if (!ends) return ends.error();
    child_ends[static_cast<std::size_t>(output) + 1] = std::move(ends->write);
    ProcessPipe::Handlers handlers;
    handlers.on_data = [this, output](Buffer buffer) {
      handlers_.on_output(output, std::move(buffer));
    };
    handlers.on_end = [this, output](const Error& error) {
      pipe(output).reset();
      output_ended(output, error);
    };
    Result<std::unique_ptr<ProcessPipe>> opened =
        ProcessPipe::open(loop_, std::move(ends->read), pool_, std::move(handlers));
    if (!opened) return opened.error();
    pipe(output) = std::move(*opened);
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
  if (options.own_group) spawn.flags = UV_PROCESS_DETACHED;  // setsid: can be signalled as one
  spawn.exit_cb = [](uv_process_t* process, std::int64_t status, int signal) {
    static_cast<Process*>(process->data)
        ->exited(signal != 0 ? exit_code_of_signal(signal) : static_cast<int>(status));
  };
  process_ = net::Handle<uv_process_t>::make();
  process_->data = this;
  const int status = uv_spawn(loop_, process_.get(), &spawn);
  if (status < 0) return start_error(options.command.front(), status);
  pid_ = process_->pid;
  if (options.own_group) group_ = pid_;
  for (const auto& output : outputs_) {
    if (output) output->start_reading();
  }
  return {};
}

void Process::exited(int exit_code) {
  exited_ = true;
  exit_code_ = exit_code;
  (void)signal_group(0);
  if (terminal_) terminal_->release_slave();
  handlers_.on_exit();
}

void Process::output_ended(Output output, const Error& error) {
  if (error && !output_error_) {
    output_error_ = Error(error.code(), std::string("the command's ") +
                                            (output == Output::kStdout ? "stdout" : "stderr") +
                                            " cannot be read to its end: " + error.message());
  }
  handlers_.on_output_end(output);
}

void Process::stdin_drained() {
  stdin_busy_ = false;
  if (stdin_ends_) {
    stdin_.reset();
  } else {
    handlers_.on_stdin_drained();
  }
}

bool Process::write_stdin(Bytes bytes) {
  if (stdin_ends_ || !(stdin_ || terminal_)) return true;
  stdin_busy_ = !(terminal_ ? terminal_->write(bytes) : stdin_->write(bytes));
  return !stdin_busy_;
}

void Process::close_stdin() {
  stdin_ends_ = true;
  if (!stdin_busy_) stdin_.reset();
}

void Process::resize(winsize size) {
  if (terminal_) terminal_->resize(size);
}

void Process::pause(Output output) {
  if (terminal_ && output == Output::kStdout) terminal_->stop_reading();
  if (pipe(output)) pipe(output)->stop_reading();
}

void Process::resume(Output output) {
  if (terminal_ && output == Output::kStdout) terminal_->start_reading();
  if (pipe(output)) pipe(output)->start_reading();
}

void Process::close_output(Output output) {
  if (terminal_ && output == Output::kStdout) hang_up();
  pipe(output).reset();
}

void Process::hang_up() {
  remember_foreground();
  terminal_.reset();
}

// A terminal whose session's leader has exited, or that was hung up, knows it no more.
void Process::remember_foreground() {
  const int group = terminal_ ? terminal_->foreground_group() : 0;
  if (group > 0) foreground_group_ = group;
}

void Process::end_output(Output output) {
  if (terminal_ && output == Output::kStdout) terminal_->end_behind_held();
  if (pipe(output)) pipe(output)->end_behind_held();
}

std::size_t Process::unread(Output output) const {
  const auto& pipe = outputs_[static_cast<std::size_t>(output)];
  return pipe ? pipe->unread() : 0;
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
