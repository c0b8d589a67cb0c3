#include "kube/process.h"

#include <unistd.h>

#include <csignal>
#include <utility>

#include "uvspdy/net/error.h"

namespace uvspdy::kube {
namespace {

constexpr std::size_t kDescriptors = 3;  // stdin, stdout, stderr

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(uv_file fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  uv_file get() const { return fd_; }
  uv_file release() { return std::exchange(fd_, -1); }

 private:
  uv_file fd_ = -1;
};

struct PipeEnds {
  Descriptor read;
  Descriptor write;
};

Result<PipeEnds> make_pipe(int read_flags, int write_flags) {
  uv_file fds[2];
  const int status = uv_pipe(fds, read_flags, write_flags);
  if (status < 0) return net::uv_error(status, "create a pipe");
  return PipeEnds{Descriptor(fds[0]), Descriptor(fds[1])};
}

}  // namespace

Process::Process(uv_loop_t* loop, std::shared_ptr<BufferPool> pool, Handlers handlers)
    : loop_(loop), pool_(std::move(pool)), handlers_(std::move(handlers)) {}

Process::~Process() = default;

Error Process::start(const Options& options) {
  std::array<Descriptor, kDescriptors> child_ends;
  if (options.use_stdin) {
    Result<PipeEnds> ends = make_pipe(0, UV_NONBLOCK_PIPE);
    if (!ends) return ends.error();
    child_ends[0] = std::move(ends->read);
    ProcessPipe::Handlers handlers;
    handlers.on_drained = [this] {
      stdin_busy_ = false;
      if (stdin_ends_) {
        stdin_.reset();
      } else {
        handlers_.on_stdin_drained();
      }
    };
    Result<std::unique_ptr<ProcessPipe>> pipe =
        ProcessPipe::open(loop_, ends->write.release(), pool_, std::move(handlers));
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
    handlers.on_end = [this, output] {
      pipe(output).reset();
      handlers_.on_output_end(output);
    };
    Result<std::unique_ptr<ProcessPipe>> opened =
        ProcessPipe::open(loop_, ends->read.release(), pool_, std::move(handlers));
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
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<std::string> variables = options.environment;
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);

  uv_process_options_t spawn{};
  spawn.file = arguments.front();
  spawn.args = arguments.data();
  spawn.stdio = stdio.data();
  spawn.stdio_count = static_cast<int>(stdio.size());
  if (!variables.empty()) spawn.env = environment.data();
  own_group_ = options.own_group;
  if (own_group_) spawn.flags = UV_PROCESS_DETACHED;  // setsid: can be signalled as one
  spawn.exit_cb = [](uv_process_t* process, std::int64_t status, int signal) {
    auto* self = static_cast<Process*>(process->data);
    self->exited_ = true;
    self->exit_code_ = signal != 0 ? 128 + signal : static_cast<int>(status);
    self->handlers_.on_exit();
  };
  process_ = net::Handle<uv_process_t>::make();
  process_->data = this;
  const int status = uv_spawn(loop_, process_.get(), &spawn);
  if (status < 0) {
    const std::string name = "exec: '" + options.command.front() + "'";
    return Error(std::error_code(status, net::uv_category()),
                 status == UV_ENOENT ? name + ": no such file or command"
                                     : name + ": cannot run: " + uv_strerror(status));
  }
  pid_ = process_->pid;
  for (const auto& output : outputs_) {
    if (output) output->start_reading();
  }
  return {};
}

bool Process::write_stdin(Bytes bytes) {
  if (!stdin_ || stdin_ends_) return true;
  stdin_busy_ = !stdin_->write(bytes);
  return !stdin_busy_;
}

void Process::close_stdin() {
  stdin_ends_ = true;
  if (!stdin_busy_) stdin_.reset();
}

void Process::pause(Output output) {
  if (pipe(output)) pipe(output)->stop_reading();
}

void Process::resume(Output output) {
  if (pipe(output)) pipe(output)->start_reading();
}

void Process::close_output(Output output) { pipe(output).reset(); }

std::size_t Process::unread(Output output) const {
  const auto& pipe = outputs_[static_cast<std::size_t>(output)];
  return pipe ? pipe->unread() : 0;
}

bool Process::signal_group(int signal) {
  return pid_ != 0 && uv_kill(own_group_ ? -pid_ : pid_, signal) == 0;
}

int shell_exit_code(const Error& error) {
  return error.code() == std::error_code(UV_ENOENT, net::uv_category()) ? 127 : 126;
}

}  // namespace uvspdy::kube
