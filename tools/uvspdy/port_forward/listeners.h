#pragma once

#include <uv.h>

#include <memory>
#include <vector>

#include "line_writer.h"
#include "specs.h"
#include "uvspdy/callback.h"
#include "uvspdy/net/listener.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::command {

/// The local side of a port-forward: listens on each port at each address, with kubectl's
/// messages.
class LocalListeners {
 public:
  /// Receives each connection; `port.local` is the port at which it was accepted.
  using AcceptHandler = Callback<void(std::unique_ptr<net::Transport>, const PortSpec& port)>;

  /// Errors of accepting go to `errors`.
  LocalListeners(uv_loop_t* loop, AcceptHandler on_accept, LineWriter errors);

  /// Listens. Prints a line on stdout for each address, and on stderr for each port that cannot be
  /// listened on. Returns whether any port can.
  bool listen(const std::vector<PortSpec>& ports, const std::vector<LocalAddress>& addresses);

  void close() { listeners_.clear(); }

 private:
  bool listen(PortSpec port, const std::vector<LocalAddress>& addresses);

  uv_loop_t* loop_;
  AcceptHandler on_accept_;
  LineWriter errors_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
};

}  // namespace uvspdy::command
