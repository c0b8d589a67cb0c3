#include "kube/local/main_process.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <utility>

#include "kube/local/window_size.h"
#include "kube/protocol/log_line.h"

namespace uvspdy::kube {
namespace {

constexpr std::array<Process::Output, 2> kOutputs = {Process::Output::kStdout,
                                                     Process::Output::kStderr};

Status bad_request(const std::string& why) {
  return failure_status(400, "BadRequest", "cannot attach: " + why);
}

}  // namespace

MainProcess::MainProcess(uv_loop_t* loop, MainCommand command, const LocalRuntime::Options& options,
                         std::shared_ptr<BufferPool> pool, OverHandler on_over)
    : loop_(loop),
      command_(std::move(command)),
      options_(options),
      pool_(std::move(pool)),
      hold_timer_(loop, [this] { release(); }),
      output_timer_(loop, [this] { limit_output(); }),
      on_over_(std::move(on_over)),
      over_(loop, [this] {
        told_over_ = true;
        const OverHandler told = std::exchange(on_over_, {});
        told(process_->exit_code());
      }) {}

void MainProcess::log(std::string_view line) const {
  if (options_.log) options_.log(log_line("main process", line));
}

Error MainProcess::start() {
  Process::Handlers handlers;
  handlers.on_output = [this](Process::Output output, const Buffer& buffer) {
    take_output(output, buffer);
  };
  handlers.on_output_end = [this](Process::Output) { maybe_conclude(); };
  handlers.on_stdin_drained = [this] {
    stdin_busy_ = false;
    if (stdin_client_) stdin_client_->session()->standard_input()->resume();
  };
  handlers.on_exit = [this] { exited(); };
  process_ = std::make_unique<Process>(loop_, pool_, std::move(handlers));
  termination_.emplace(loop_, *process_, [this] { check_over(); });
  Process::Options options;
  options.command = command_.command;
  options.use_stdin = command_.use_stdin;
  options.tty = command_.tty;
  if (Error error = process_->start(options)) return error;
  log("running '" + command_text(command_.command) + "'");
  return {};
}

// ---- clients

std::optional<Status> MainProcess::refusal(const AttachRequest& request) const {
  if (!process_->running()) {
    return bad_request("the main process has exited with " + std::to_string(process_->exit_code()));
  }
  if (stopping_) return failure_status(503, "ServiceUnavailable", "the server is stopping");
  if (request.tty && !command_.tty) {
    return bad_request("the main process has no terminal; attach without -t");
  }
  if (!request.use_stdin) return std::nullopt;
  if (!command_.use_stdin) {
    return bad_request("the main process has no stdin; attach without -i");
  }
  if (stdin_ended_) {
    return bad_request("the stdin of the main process has ended; attach without -i");
  }
  if (stdin_client_) {
    return failure_status(
        409, "Conflict",
        "cannot attach: another client has the main process's stdin; attach without -i");
  }
  return std::nullopt;
}

void MainProcess::attach(const AttachRequest& request,
                         std::shared_ptr<RemoteCommandSession> session) {
  if (const auto status = refusal(request)) {
    if (options_.log) options_.log(log_line(session->peer(), status->message));
    return session->finish(*status);
  }
  if (options_.log) options_.log(log_line(session->peer(), "attached to the main process"));
  const auto client = std::make_shared<AttachedClient>(std::move(session));
  members_.push_back({client, Patience(options_.attach_patience, uv_now(loop_)), false});
  const auto self = shared_from_this();
  client->start([self] { self->maybe_release(); });
  client->session()->on_gone([self, client = client.get()] { self->client_gone(client); });
  if (command_.tty) {
    client->session()->on_resize(
        [self](TerminalSize size) { self->process_->resize(window_size(size)); });
  }
  if (client->session()->standard_input()) connect_stdin(client);
}

void MainProcess::connect_stdin(const ClientPtr& client) {
  stdin_client_ = client;
  const auto self = shared_from_this();
  const auto& stream = client->session()->standard_input();
  stream->on_data([self, client](Bytes bytes) { self->take_stdin(client, bytes); });
  stream->on_end([self, client = client.get()] { self->stdin_over(client); });
  stream->on_close([self, client = client.get()](const Error&) { self->stdin_over(client); });
  // What the client before it wrote goes first.
  if (stdin_busy_) stream->pause();
  // Told before there was anybody to hear of it.
  if (stream->has_ended() || stream->is_closed()) stdin_over(client.get());
}

void MainProcess::take_stdin(const ClientPtr& client, Bytes bytes) {
  if (stdin_client_ != client || process_->write_stdin(bytes)) return;
  stdin_busy_ = true;
  client->session()->standard_input()->pause();
}

// The client who had stdin has ended it or has gone.
void MainProcess::stdin_over(const AttachedClient* client) {
  if (stdin_client_.get() != client) return;
  stdin_client_ = nullptr;
  if (!command_.stdin_once || command_.tty) return;
  stdin_ended_ = true;
  process_->close_stdin();
}

void MainProcess::client_gone(const AttachedClient* client) {
  stdin_over(client);
  std::erase_if(members_, [client](const Member& one) { return one.client.get() == client; });
  maybe_release();
}

AttachStats MainProcess::attached() const {
  AttachStats stats;
  stats.clients = members_.size();
  for (const Member& member : members_) stats.waiting_bytes += member.client->waiting();
  return stats;
}

// ---- output

void MainProcess::take_output(Process::Output output, const Buffer& buffer) {
  std::vector<ClientPtr> too_slow;
  for (const Member& member : members_) {
    member.client->write(output, buffer);
    if (member.client->waiting() > options_.attach_buffer) too_slow.push_back(member.client);
  }
  for (const ClientPtr& client : too_slow) drop(client);
  maybe_hold();
}

void MainProcess::drop(const ClientPtr& client) {
  const std::string why = "dropped: it reads too slowly, more than " +
                          std::to_string(options_.attach_buffer) +
                          " bytes of output wait for it; the process goes on, attach again";
  if (options_.log) options_.log(log_line(client->session()->peer(), why));
  client_gone(client.get());
  client->drop(failure_status(503, "ServiceUnavailable", "this client was " + why));
}

void MainProcess::maybe_hold() {
  if (held_) return;
  const std::uint64_t now = uv_now(loop_);
  std::chrono::milliseconds longest = options_.attach_patience;
  for (Member& member : members_) {
    if (!member.client->is_behind()) continue;
    if (member.client->waiting() <= options_.attach_buffer / 2) continue;
    const std::chrono::milliseconds left = member.patience.left(now);
    if (left.count() <= 0) continue;
    member.holds = held_ = true;
    longest = std::min(longest, left);
  }
  if (!held_) return;
  held_since_ = now;
  for (const Process::Output output : kOutputs) process_->pause(output);
  hold_timer_.start(longest);
}

void MainProcess::maybe_release() {
  const auto waits = [](const Member& one) { return one.holds && one.client->is_behind(); };
  if (held_ && std::none_of(members_.begin(), members_.end(), waits)) release();
}

void MainProcess::release() {
  hold_timer_.stop();
  held_ = false;
  const std::uint64_t now = uv_now(loop_);
  for (Member& member : members_) {
    if (std::exchange(member.holds, false)) member.patience.spend(held_since_, now);
  }
  for (const Process::Output output : kOutputs) process_->resume(output);
}

// ---- the end

void MainProcess::exited() {
  log("exited with " + std::to_string(process_->exit_code()));
  output_timer_.start(options_.output_grace);
  maybe_conclude();
  check_over();
}

// What the process has left running may hold its output open for ever.
void MainProcess::limit_output() {
  for (const Process::Output output : kOutputs) process_->end_output(output);
}

void MainProcess::maybe_conclude() {
  if (process_->running() || concluded_) return;
  for (const Process::Output output : kOutputs) {
    if (process_->is_open(output)) return;
  }
  concluded_ = true;
  hold_timer_.stop();
  output_timer_.stop();
  stdin_client_ = nullptr;
  const Error& lost = process_->output_error();
  if (lost) log(lost.message());
  const Status status = lost ? failure_status(500, "InternalError", lost.message())
                             : exit_status(process_->exit_code());
  for (const Member& member : std::exchange(members_, {})) member.client->finish(status);
  check_over();
}

void MainProcess::stop() {
  if (std::exchange(stopping_, true) || concluded_) return;
  termination_->begin(command_.tty ? SIGHUP : SIGTERM, options_.termination_grace);
}

// One that was told to stop is gone when its whole group is.
void MainProcess::check_over() {
  if (!concluded_ || termination_->is_under_way()) return;
  over_.schedule();
}

}  // namespace uvspdy::kube
