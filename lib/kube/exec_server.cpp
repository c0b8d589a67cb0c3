#include "uvspdy/kube/exec_server.h"

#include <array>
#include <unordered_set>
#include <utility>

#include "kube/exec_session.h"
#include "uvspdy/httpstream/response_upgrader.h"
#include "uvspdy/httpstream/upgrade.h"
#include "uvspdy/kube/status.h"

namespace uvspdy::kube {
namespace {

// Blocks for output that are kept for use again, over all commands of a server.
constexpr std::size_t kPooledBlocks = 32;

}  // namespace

/// Owns the sessions. They hold on to it until they are over, so a server may be dropped while
/// commands are being ended.
struct ExecServer::Shared {
  uv_loop_t* loop;
  Options options;
  std::unordered_set<std::shared_ptr<ExecSession>> sessions;
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
    if (sessions.empty() && on_stopped) stopped.schedule();
  }
};

ExecServer::ExecServer(uv_loop_t* loop, Options options)
    : shared_(std::make_shared<Shared>(loop, std::move(options))) {}

ExecServer::~ExecServer() {
  for (const auto& session : shared_->sessions) session->terminate();
}

std::size_t ExecServer::sessions() const { return shared_->sessions.size(); }

void ExecServer::stop(std::function<void()> done) {
  shared_->on_stopped = std::move(done);
  for (const auto& session : shared_->sessions) session->terminate();
  shared_->check_stopped();
}

void ExecServer::serve(const std::shared_ptr<httpstream::HttpExchange>& exchange,
                       ExecRequest request) {
  constexpr std::array<std::string_view, 1> kProtocols = {kProtocolV4};
  const auto log = [this, &exchange](const Error& error) {
    if (shared_->options.log) shared_->options.log(exchange->peer() + ": " + error.message());
  };
  if (!httpstream::is_spdy_upgrade_request(exchange->request())) {
    // The upgrader says what is missing. Newer kubectl tries a WebSocket first and takes the
    // answer as the sign to come again with SPDY: nothing to log.
    const auto refused = httpstream::ResponseUpgrader().upgrade_response(*exchange, {}, {});
    if (!httpstream::is_upgrade_request(exchange->request())) log(refused.error());
    return;
  }
  if (request.tty) {
    const std::string text = "a terminal (tty) is not supported yet; run the command without -t";
    exchange->respond({400,
                       {},
                       {{"Content-Type", "application/json"}},
                       to_json(failure_status(400, "BadRequest", text))});
    return;
  }
  httpstream::HttpResponse response;
  const Result<std::string> protocol =
      httpstream::handshake(exchange->request(), response, kProtocols);
  if (!protocol) {
    exchange->respond(std::move(response));
    return log(protocol.error());
  }

  const auto session = std::make_shared<ExecSession>(
      shared_->loop, std::move(request), shared_->options, shared_->pool, exchange->peer(),
      [shared = shared_](const std::shared_ptr<ExecSession>& over) {
        shared->sessions.erase(over);
        shared->check_stopped();
      });
  const httpstream::ResponseUpgrader upgrader(shared_->options.connection);
  Result<std::shared_ptr<httpstream::Connection>> connection =
      upgrader.upgrade_response(*exchange, std::move(response), session->new_stream_handler());
  if (!connection) return log(connection.error());
  shared_->sessions.insert(session);
  session->start(std::move(*connection));
}

}  // namespace uvspdy::kube
