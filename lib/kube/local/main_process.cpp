#include "kube/local/main_process.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <string>
#include <utility>

#include "kube/local/process_end.h"
#include "kube/local/window_size.h"
#include "kube/protocol/log_line.h"

namespace uvspdy::kube {
namespace {

Status bad_request(const std::string& why) {
  return failure_status(400, "BadRequest", "cannot attach: " + why);
}

}  // namespace

/// The process's stdin, for the one client that may write to it. Ending this sink ends the
/// process's stdin only with MainCommand::stdin_once.
class MainProcess::ClientInput final : public httpstream::Sink {
 public:
  ClientInput(std::shared_ptr<MainProcess> process, const std::shared_ptr<AttachedClient>& client)
      : process_(std::move(process)), client_(client), over_(process_->loop_, [this] {
          const Error how = how_;
          on_over_(how);
        }) {
    process_->input_ = this;
  }
  ~ClientInput() override { process_->let_go_of_stdin(this); }

  void start(RoomHandler on_room, OverHandler on_over) override {
    on_room_ = std::move(on_room);
    on_over_ = std::move(on_over);
  }
  bool write(httpstream::Piece piece) override {
    // Drops bytes when the process has closed its stdin.
    if (process_->input_ != this || !process_->stdin_) return true;
    return process_->stdin_->write(std::move(piece));
  }
  void end() override { let_go({}); }
  void break_off(const Error& why) override {
    process_->input_broke(this, client_, why);
    let_go(why);
  }

  void note_room() { on_room_(); }

 private:
  void let_go(const Error& how) {
    how_ = how;
    over_.schedule();
    process_->let_go_of_stdin(this);
  }

  const std::shared_ptr<MainProcess> process_;
  const std::weak_ptr<AttachedClient> client_;  // weak: the client holds this sink
  RoomHandler on_room_;
  OverHandler on_over_;
  Error how_;
  net::Wakeup over_;
};

MainProcess::MainProcess(uv_loop_t* loop, MainCommand command,
                         std::shared_ptr<const LocalRuntime::Options> options,
                         std::shared_ptr<BufferPool> pool, OverHandler on_over)
    : loop_(loop),
      command_(std::move(command)),
      options_(std::move(options)),
      pool_(std::move(pool)),
      hold_timer_(loop, [this] { release(); }),
      output_timer_(loop, [this] { limit_output(); }),
      on_over_(std::move(on_over)),
      over_(loop, [this] {
        if (std::exchange(told_over_, true)) return;
        options_->on_process_over(process_->pid());
        on_over_(process_->exit_code());
      }) {}

void MainProcess::log(std::string_view line) const {
  if (options_->log) options_->log(log_line("main process", line));
}

Error MainProcess::start() {
  process_ = std::make_unique<Process>(loop_, pool_, [this] { exited(); });
  termination_.emplace(loop_, *process_, [this] { check_over(); });
  Process::Options options;
  options.command = command_.command;
  options.use_stdin = command_.use_stdin;
  options.tty = command_.tty;
  if (Error error = process_->start(options)) return error;
  options_->on_process_started(process_->pid());
  log("running '" + command_text(command_.command) + "'");
  start_stdin();
  for (const Process::Output output : Process::kOutputs) start_output(output);
  return {};
}

// The process's stdin and outputs belong to this object, so their handlers cannot outlive it.
void MainProcess::start_stdin() {
  stdin_ = process_->take_stdin();
  if (!stdin_) return;
  stdin_->start(
      [this] {
        if (input_ != nullptr) input_->note_room();
      },
      [this](const Error&) {
        const auto closed = std::move(stdin_);
        if (input_ != nullptr) input_->note_room();  // further input is dropped
      });
}

void MainProcess::start_output(Process::Output output) {
  auto& source = outputs_[static_cast<std::size_t>(output)];
  source = process_->take_output(output);
  if (!source) return;
  source->start([this, output](const httpstream::Piece& piece) { take_output(output, piece); },
                [this](const Error&) { maybe_conclude(); });
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
  if (input_ != nullptr) {
    return failure_status(
        409, "Conflict",
        "cannot attach: another client has the main process's stdin; attach without -i");
  }
  return std::nullopt;
}

void MainProcess::attach(const AttachRequest& request, std::shared_ptr<ServedCommand> command) {
  if (const auto status = refusal(request)) {
    if (options_->log) options_->log(log_line(command->peer(), status->message));
    return command->finish(*status);
  }
  if (options_->log) options_->log(log_line(command->peer(), "attached to the main process"));
  const auto self = shared_from_this();
  const auto client =
      std::make_shared<AttachedClient>(std::move(command), [self] { self->maybe_release(); });
  members_.push_back({client, Patience(options_->attach_patience, uv_now(loop_))});
  client->command().on_gone([self, client = client.get()] { self->client_gone(client); });
  if (command_.tty) {
    client->command().on_resize(
        [self](TerminalSize size) { self->process_->resize(window_size(size)); });
  }
  if (request.use_stdin) client->pump_input(std::make_unique<ClientInput>(self, client));
}

// With stdin_once, a client's stdin that breaks off ends the process's stdin, as a client that goes
// does. Such a client, if still attached, gets a failure in place of the exit status.
void MainProcess::input_broke(const ClientInput* input, const std::weak_ptr<AttachedClient>& client,
                              const Error& how) {
  if (input_ != input || !command_.stdin_once || command_.tty) return;
  for (Member& member : members_) {
    if (member.client != client.lock()) continue;
    member.input_error = Error(how.code(), "the main process's stdin broke off: " + how.message());
  }
}

// The client who had stdin has ended it or has gone.
void MainProcess::let_go_of_stdin(const ClientInput* input) {
  if (input_ != input) return;
  input_ = nullptr;
  if (!command_.stdin_once || command_.tty) return;
  stdin_ended_ = true;
  if (stdin_) stdin_->end();
}

void MainProcess::client_gone(const AttachedClient* client) {
  const auto found = std::find_if(members_.begin(), members_.end(), [client](const Member& one) {
    return one.client.get() == client;
  });
  if (found == members_.end()) return;
  const ClientPtr gone = std::move(found->client);
  members_.erase(found);
  gone->leave_input();
  maybe_release();
}

AttachStats MainProcess::attached() const {
  AttachStats stats;
  stats.clients = members_.size();
  for (const Member& member : members_) stats.waiting_bytes += member.client->waiting();
  return stats;
}

// ---- output

void MainProcess::take_output(Process::Output output, const httpstream::Piece& piece) {
  std::vector<ClientPtr> too_slow;
  for (const Member& member : members_) {
    member.client->write(output, piece);
    if (member.client->waiting() > options_->attach_buffer) too_slow.push_back(member.client);
  }
  for (const ClientPtr& client : too_slow) drop(client);
  maybe_hold();
}

void MainProcess::drop(const ClientPtr& client) {
  const std::string why = "dropped: it reads too slowly, more than " +
                          std::to_string(options_->attach_buffer) +
                          " bytes of output wait for it; the process goes on, attach again";
  if (options_->log) options_->log(log_line(client->command().peer(), why));
  client_gone(client.get());
  client->drop(failure_status(503, "ServiceUnavailable", "this client was " + why));
}

void MainProcess::maybe_hold() {
  if (held_) return;
  const std::uint64_t now = uv_now(loop_);
  std::chrono::milliseconds shortest = options_->attach_patience;
  for (Member& member : members_) {
    if (!member.client->is_behind()) continue;
    if (member.client->waiting() <= options_->attach_buffer / 2) continue;
    const std::chrono::milliseconds left = member.patience.left(now);
    if (left.count() <= 0) continue;
    member.holds = held_ = true;
    shortest = std::min(shortest, left);
  }
  if (!held_) return;
  held_since_ = now;
  for (const auto& source : outputs_) {
    if (source) source->pause();
  }
  hold_timer_.start(shortest);
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
  for (const auto& source : outputs_) {
    if (source) source->resume();
  }
}

// ---- the end

void MainProcess::exited() {
  log("exited with " + std::to_string(process_->exit_code()));
  output_timer_.start(options_->output_grace);
  maybe_conclude();
  check_over();
}

// A process that the main process has left running may hold its output open for ever.
void MainProcess::limit_output() {
  for (const Process::Output output : Process::kOutputs) process_->end_output(output);
}

void MainProcess::maybe_conclude() {
  if (concluded_) return;
  const std::optional<ProcessEnd> end = end_of(*process_);
  if (!end) return;
  concluded_ = true;
  hold_timer_.stop();
  output_timer_.stop();
  const auto closed = std::move(stdin_);
  if (end->lost) log(end->lost.message());
  for (const Member& member : std::exchange(members_, {})) {
    const Error& broke = member.input_error;
    member.client->finish(broke ? internal_failure(broke) : end->status);
  }
  check_over();
}

void MainProcess::stop() {
  if (std::exchange(stopping_, true) || concluded_) return;
  termination_->begin(command_.tty ? SIGHUP : SIGTERM, options_->termination_grace);
}

// A process that was sent a signal is over when its whole process group is gone.
void MainProcess::check_over() {
  if (!concluded_ || termination_->is_under_way()) return;
  over_.schedule();
}

}  // namespace uvspdy::kube
