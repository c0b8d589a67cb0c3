#include "kube/credentials/credential_plugin.h"

#include <csignal>
#include <cstddef>
#include <map>
#include <utility>

#include "kube/config/read_file.h"
#include "kube/process/environment.h"
#include "uvspdy/bytes.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/net/error.h"
#include "uvspdy/printable.h"

namespace uvspdy::kube {
namespace {

constexpr std::size_t kMaxOutput = 1024 * 1024;
constexpr std::size_t kKeptStderr = 4 * 1024;
constexpr std::chrono::seconds kKillDelay{1};

// This process's variables, the kubeconfig's, and KUBERNETES_EXEC_INFO.
std::vector<std::string> plugin_environment(const ExecConfig& exec, const std::string& exec_info) {
  std::map<std::string, std::string> variables = environment_variables();
  for (const auto& [name, value] : exec.environment) variables[name] = value;
  variables["KUBERNETES_EXEC_INFO"] = exec_info;
  return environment_of(variables);
}

}  // namespace

std::shared_ptr<CredentialPlugin> CredentialPlugin::run(uv_loop_t* loop, const ExecConfig& exec,
                                                        Options options, Handler handler) {
  auto plugin = std::make_shared<CredentialPlugin>(Private{}, loop, exec, std::move(options),
                                                   std::move(handler));
  plugin->self_ = plugin;
  plugin->start(loop);
  return plugin;
}

CredentialPlugin::CredentialPlugin(Private, uv_loop_t* loop, const ExecConfig& exec,
                                   Options options, Handler handler)
    : exec_(exec),
      options_(std::move(options)),
      handler_(std::move(handler)),
      timer_(loop, [this] { on_time(); }),
      concluding_(loop, [this] { conclude(); }) {}

void CredentialPlugin::start(uv_loop_t* loop) {
  process_ =
      std::make_unique<Process>(loop, std::make_shared<BufferPool>(DescriptorStream::kBlockSize),
                                [this] { conclude_when_over(); });
  termination_.emplace(loop, *process_, [this] { concluding_.schedule(); });
  Process::Options process;
  process.command.push_back(exec_.command);
  process.command.insert(process.command.end(), exec_.arguments.begin(), exec_.arguments.end());
  process.environment = plugin_environment(exec_, options_.exec_info);
  process.inherit_stdin = options_.interactive;
  process.own_group = !options_.interactive;
  start_error_ = process_->start(process);
  if (start_error_) return concluding_.schedule();
  timer_.start(options_.timeout);
  start_output(Process::Output::kStdout);
  start_output(Process::Output::kStderr);
}

// The outputs belong to this object, so their handlers cannot outlive it.
void CredentialPlugin::start_output(Process::Output output) {
  auto& source = outputs_[static_cast<std::size_t>(output)];
  source = process_->take_output(output);
  source->start(
      [this, output](const httpstream::Piece& piece) {
        take_output(output, text_of(piece.bytes()));
      },
      [this](const Error&) { conclude_when_over(); });
}

void CredentialPlugin::take_output(Process::Output output, std::string_view text) {
  if (output == Process::Output::kStderr) {
    stderr_ += text;
    if (stderr_.size() > kKeptStderr) stderr_.erase(0, stderr_.size() - kKeptStderr);
    // A copy: the handler may cancel this run, which drops options_.on_stderr.
    if (const auto on_stderr = options_.on_stderr) (*on_stderr)(text);
  } else {
    stdout_ += text;
    if (stdout_.size() > kMaxOutput) {
      fail(Error(Errc::kCredentials, "credential plugin '" + exec_.command +
                                         "' has printed more than 1 MiB instead of an "
                                         "ExecCredential"));
    }
  }
  conclude_when_over();
}

// All of the plugin's output is in its pipes when it exits. Processes that it has left running may
// keep a pipe open for longer: its end is not waited for.
void CredentialPlugin::conclude_when_over() {
  if (process_->running() || termination_->is_under_way()) return;
  const auto is_read = [this](Process::Output output) {
    return !process_->is_open(output) || process_->unread(output) == 0;
  };
  if (termination_->has_begun() ||
      (is_read(Process::Output::kStdout) && is_read(Process::Output::kStderr))) {
    concluding_.schedule();
  }
}

void CredentialPlugin::conclude() {
  if (termination_->is_under_way()) return;
  const auto self = std::exchange(self_, nullptr);
  timer_.stop();
  if (start_error_) {
    deliver(start_failure(start_error_));
  } else if (process_->exit_code() != 0) {
    deliver(exit_failure());
  } else if (const Error lost = process_->output_error()) {
    deliver(
        Error(Errc::kCredentials, "credential plugin '" + exec_.command + "': " + lost.message()));
  } else {
    deliver(std::move(stdout_));
  }
}

void CredentialPlugin::on_time() {
  std::string why = "credential plugin '" + exec_.command + "' has not ended within " +
                    std::to_string(options_.timeout.count()) + " ms";
  if (!stderr_.empty()) why += "; it said: " + printable(stderr_);
  fail(Error(net::Errc::kTimeout, why));
}

void CredentialPlugin::fail(const Error& error) {
  terminate();
  deliver(error);
}

void CredentialPlugin::stop() {
  handler_ = {};
  terminate();
}

void CredentialPlugin::terminate() {
  options_.on_stderr = nullptr;
  if (termination_->has_begun() || !self_) return;
  timer_.stop();
  const auto closed = std::move(outputs_);
  termination_->begin(SIGTERM, kKillDelay);
}

void CredentialPlugin::deliver(Result<std::string> result) { handler_(std::move(result)); }

Error CredentialPlugin::start_failure(const Error& error) const {
  if (!is_uv_error(error, UV_ENOENT)) {
    return Error(Errc::kCredentials, "credential plugin: " + error.message());
  }
  std::string why = "credential plugin: there is no command '" + exec_.command + "'";
  if (!exec_.install_hint.empty()) why += "; " + printable(exec_.install_hint);
  return Error(Errc::kCredentials, why);
}

Error CredentialPlugin::exit_failure() const {
  std::string why = "credential plugin '" + exec_.command + "' failed with exit code " +
                    std::to_string(process_->exit_code());
  if (!stderr_.empty()) why += ": " + printable(stderr_);
  return Error(Errc::kCredentials, why);
}

}  // namespace uvspdy::kube
