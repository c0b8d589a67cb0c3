#include "kube/local/local_target.h"

#include <system_error>
#include <utility>

#include "uvspdy/net/attempt.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/pipe.h"
#include "uvspdy/net/tcp.h"

namespace uvspdy::kube {
namespace {

using ConnectionPtr = std::shared_ptr<ForwardedConnection>;
using Target = Result<std::unique_ptr<net::Transport>>;

const std::error_code kRefused(UV_ECONNREFUSED, net::uv_category());

void give_up_with_client(ForwardedConnection& connection, net::Attempt attempt) {
  connection.on_gone([attempt = std::move(attempt)] { attempt.cancel(); });
}

// The error's text names 127.0.0.1, the address where people expect a server.
void try_ipv6_after(const Error& refused, uv_loop_t* loop, std::chrono::milliseconds timeout,
                    const ConnectionPtr& connection) {
  give_up_with_client(*connection, net::connect_tcp(loop, "::1", connection->port(), timeout,
                                                    [connection, refused](Target target) {
                                                      if (!target) {
                                                        return connection->fail(refused.message());
                                                      }
                                                      connection->connect_to(std::move(*target));
                                                    }));
}

}  // namespace

void connect_local(uv_loop_t* loop, std::chrono::milliseconds timeout,
                   const ConnectionPtr& connection) {
  auto answer = [loop, timeout, connection](Target target) {
    if (target) return connection->connect_to(std::move(*target));
    if (target.error().code() != kRefused) return connection->fail(target.error().message());
    try_ipv6_after(target.error(), loop, timeout, connection);
  };
  give_up_with_client(*connection, net::connect_tcp(loop, "127.0.0.1", connection->port(), timeout,
                                                    std::move(answer)));
}

void connect_local(uv_loop_t* loop, const std::string& path, std::chrono::milliseconds timeout,
                   const ConnectionPtr& connection) {
  auto answer = [connection](Target target) {
    if (!target) return connection->fail(target.error().message());
    connection->connect_to(std::move(*target));
  };
  give_up_with_client(*connection, net::connect_pipe(loop, path, timeout, std::move(answer)));
}

}  // namespace uvspdy::kube
