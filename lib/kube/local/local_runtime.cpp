#include "uvspdy/kube/local/local_runtime.h"

#include <unordered_set>
#include <utility>

#include "kube/local/local_command.h"
#include "kube/local/local_target.h"
#include "kube/local/main_process.h"
#include "kube/protocol/stopping.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {
namespace {

// How many blocks for output all commands together keep for reuse.
constexpr std::size_t kPooledBlocks = 32;

LocalRuntimeOptions with_bounded_log(LocalRuntimeOptions options) {
  options.log = httpstream::bounded_log(std::move(options.log), options.log_limits);
  return options;
}

}  // namespace

/// Owns the commands, which keep it alive until they are over, so a LocalRuntime may be destroyed
/// while commands are being ended.
struct UVSPDY_LOCAL LocalRuntime::Shared : std::enable_shared_from_this<Shared> {
  uv_loop_t* loop;
  std::shared_ptr<const Options> options;
  std::unordered_set<std::shared_ptr<LocalCommand>> commands;
  std::shared_ptr<MainProcess> main;  // kept when it is over
  Stopping stopping;
  // One pool for all commands, since an idle command holds no block.
  std::shared_ptr<BufferPool> pool =
      std::make_shared<BufferPool>(DescriptorStream::kBlockSize, kPooledBlocks);

  Shared(uv_loop_t* on_loop, Options given)
      : loop(on_loop),
        options(std::make_shared<const Options>(with_bounded_log(std::move(given)))),
        stopping(loop) {}

  bool main_runs() const { return main && !main->is_over(); }

  void check_stopped() {
    if (commands.empty() && !main_runs()) stopping.nothing_is_left(shared_from_this());
  }

  void stop(OnceCallback<void()> done) {
    stopping.begin(std::move(done));
    for (const auto& command : commands) command->stop();
    if (main) main->stop();
    check_stopped();
  }
};

LocalRuntime::LocalRuntime(uv_loop_t* loop, Options options)
    : shared_(std::make_shared<Shared>(loop, std::move(options))) {}

LocalRuntime::~LocalRuntime() { shared_->stop({}); }

std::size_t LocalRuntime::commands() const {
  return shared_->commands.size() + (shared_->main_runs() ? 1 : 0);
}

AttachStats LocalRuntime::attached() const {
  return shared_->main ? shared_->main->attached() : AttachStats();
}

Error LocalRuntime::start_main(MainCommand command, OnceCallback<void(int exit_code)> on_over) {
  if (shared_->main) {
    return Error(Errc::kBadRequest,
                 "there is a main process already; a runtime has one in its life");
  }
  if (shared_->stopping.has_begun()) return Error(Errc::kBadRequest, "the runtime was stopped");
  auto main = std::make_shared<MainProcess>(
      shared_->loop, std::move(command), shared_->options, shared_->pool,
      [shared = shared_, on_over = std::move(on_over)](int exit_code) mutable {
        shared->check_stopped();
        on_over(exit_code);
      });
  if (Error error = main->start()) return error;
  shared_->main = std::move(main);
  return {};
}

void LocalRuntime::stop(OnceCallback<void()> done) { shared_->stop(std::move(done)); }

void LocalRuntime::exec(ExecRequest request, std::shared_ptr<ServedCommand> client) {
  if (shared_->stopping.has_begun()) {
    return client->finish(failure_status(503, "ServiceUnavailable", "the server is stopping"));
  }
  const auto command = std::make_shared<LocalCommand>(
      shared_->loop, std::move(request.command), std::move(client), shared_->options, shared_->pool,
      [shared = shared_](const std::shared_ptr<LocalCommand>& over) {
        shared->commands.erase(over);
        shared->check_stopped();
      });
  shared_->commands.insert(command);
  command->start();
}

void LocalRuntime::attach(AttachRequest request, std::shared_ptr<ServedCommand> client) {
  if (shared_->main) return shared_->main->attach(request, std::move(client));
  client->finish(failure_status(400, "BadRequest",
                                "there is no main process to attach to; use exec to run one"));
}

void LocalRuntime::port_forward(PortForwardRequest,
                                std::shared_ptr<ForwardedConnection> connection) {
  const Options& options = *shared_->options;
  const auto unix_target = options.unix_targets.find(connection->port());
  const auto timeout = options.connect_timeout;
  if (unix_target != options.unix_targets.end()) {
    return connect_local(shared_->loop, unix_target->second, timeout, connection);
  }
  connect_local(shared_->loop, timeout, connection);
}

}  // namespace uvspdy::kube
