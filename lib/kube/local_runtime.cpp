#include "uvspdy/kube/local_runtime.h"

#include <unordered_set>
#include <utility>

#include "kube/local_command.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {
namespace {

// Blocks for output that are kept for use again, over all commands.
constexpr std::size_t kPooledBlocks = 32;

}  // namespace

/// Owns the commands. They hold on to it until they are over, so a LocalRuntime may be dropped
/// while commands are being ended.
struct LocalRuntime::Shared {
  uv_loop_t* loop;
  Options options;
  std::unordered_set<std::shared_ptr<LocalCommand>> commands;
  bool stopping = false;
  std::function<void()> on_stopped;
  net::Wakeup stopped;
  // One for all commands: an idle one holds no block.
  std::shared_ptr<BufferPool> pool =
      std::make_shared<BufferPool>(ProcessPipe::kBlockSize, kPooledBlocks);

  Shared(uv_loop_t* on_loop, Options given)
      : loop(on_loop), options(std::move(given)), stopped(loop, [this] {
          if (const auto done = std::exchange(on_stopped, {})) done();
        }) {}

  void check_stopped() {
    if (commands.empty() && on_stopped) stopped.schedule();
  }

  void stop(std::function<void()> done) {
    stopping = true;
    on_stopped = std::move(done);
    for (const auto& command : commands) command->stop();
    check_stopped();
  }
};

LocalRuntime::LocalRuntime(uv_loop_t* loop) : LocalRuntime(loop, Options()) {}

LocalRuntime::LocalRuntime(uv_loop_t* loop, Options options)
    : shared_(std::make_shared<Shared>(loop, std::move(options))) {}

LocalRuntime::~LocalRuntime() { shared_->stop({}); }

std::size_t LocalRuntime::commands() const { return shared_->commands.size(); }

void LocalRuntime::stop(std::function<void()> done) { shared_->stop(std::move(done)); }

void LocalRuntime::exec(ExecRequest request, std::shared_ptr<RemoteCommandSession> session) {
  if (shared_->stopping) {
    return session->finish(failure_status(503, "ServiceUnavailable", "the server is stopping"));
  }
  if (request.tty) {
    return session->finish(failure_status(
        400, "BadRequest", "a terminal (tty) is not supported yet; run the command without -t"));
  }
  const auto command = std::make_shared<LocalCommand>(
      shared_->loop, std::move(request.command), std::move(session), shared_->options,
      shared_->pool, [shared = shared_](const std::shared_ptr<LocalCommand>& over) {
        shared->commands.erase(over);
        shared->check_stopped();
      });
  shared_->commands.insert(command);
  command->start();
}

void LocalRuntime::attach(AttachRequest, std::shared_ptr<RemoteCommandSession> session) {
  session->finish(failure_status(400, "BadRequest",
                                 "there is no main process to attach to; use exec to run one"));
}

}  // namespace uvspdy::kube
