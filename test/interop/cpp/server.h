#pragma once

#include <uv.h>

#include <memory>
#include <string>
#include <unordered_set>

#include "options.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/net/listener.h"

namespace uvspdy::interop {

/// Speaks SPDY from the first byte of each connection, and treats each stream as its `streamtype`
/// asks (README.md).
class Server {
 public:
  explicit Server(const Options& options) : options_(options) {}

  /// Listens on a free port. Returns the target to dial.
  Result<std::string> start(uv_loop_t* loop);

  void stop();

 private:
  void serve(std::unique_ptr<net::Transport> transport);

  const Options& options_;
  std::unique_ptr<net::Listener> listener_;
  std::uint64_t accepted_ = 0;
  // Connections keep themselves alive; the set is for `stop`.
  std::unordered_set<std::shared_ptr<httpstream::Connection>> connections_;
};

}  // namespace uvspdy::interop
