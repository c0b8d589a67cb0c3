#include "kube/local/local_target.h"

#include <utility>

#include "uvspdy/net/attempt.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/pipe.h"
#include "uvspdy/net/tcp.h"

namespace uvspdy::kube {
namespace {

using net::ConnectHandler;
using ConnectionPtr = std::shared_ptr<ForwardedConnection>;

const std::error_code kRefused(UV_ECONNREFUSED, net::uv_category());

ConnectHandler answer(ConnectionPtr connection) {
  return [connection = std::move(connection)](Result<std::unique_ptr<net::Transport>> target) {
    if (!target) return connection->fail(target.error().message());
    connection->connect_to(std::move(*target));
  };
}

void give_up_with_client(ForwardedConnection& connection, const net::Attempt& attempt) {
  connection.on_gone([attempt] { attempt.cancel(); });
}

// The text names the first address: that is where a server is looked for.
ConnectHandler try_ipv6_after(uv_loop_t* loop, std::chrono::milliseconds timeout,
                              const ConnectionPtr& connection) {
  return [loop, timeout, connection](Result<std::unique_ptr<net::Transport>> target) {
    if (target) return connection->connect_to(std::move(*target));
    if (target.error().code() != kRefused) return connection->fail(target.error().message());
    const auto refused = [connection, first = target.error()](auto second) {
      if (!second) return connection->fail(first.message());
      connection->connect_to(std::move(*second));
    };
    give_up_with_client(*connection,
                        net::connect_tcp(loop, "::1", connection->port(), timeout, refused));
  };
}

}  // namespace

void connect_local(uv_loop_t* loop, std::chrono::milliseconds timeout, ConnectionPtr connection) {
  give_up_with_client(*connection, net::connect_tcp(loop, "127.0.0.1", connection->port(), timeout,
                                                    try_ipv6_after(loop, timeout, connection)));
}

void connect_local(uv_loop_t* loop, const std::string& path, std::chrono::milliseconds timeout,
                   ConnectionPtr connection) {
  give_up_with_client(*connection, net::connect_pipe(loop, path, timeout, answer(connection)));
}

}  // namespace uvspdy::kube
