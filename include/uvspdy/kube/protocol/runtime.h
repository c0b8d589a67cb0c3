#pragma once

#include <memory>

#include "uvspdy/export.h"
#include "uvspdy/kube/protocol/forwarded_connection.h"
#include "uvspdy/kube/protocol/port_forward.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/kube/protocol/served_command.h"

namespace uvspdy::kube {

/// Carries out the requests of a StreamingServer, with containers or whatever the embedder has.
/// Unlike those of the CRI streaming server's Runtime, its functions return at once, and report the
/// end through the object that they were given and may keep. The server calls them from the loop,
/// once for each exec, attach or forwarded connection. They must not throw.
class UVSPDY_EXPORT Runtime {
 public:
  virtual ~Runtime() = default;

  /// Runs a command; `command->finish` reports how it ended.
  virtual void exec(ExecRequest request, std::shared_ptr<ServedCommand> command) = 0;

  /// Joins a client with a process that runs already; `command->finish` reports the process's end.
  virtual void attach(AttachRequest request, std::shared_ptr<ServedCommand> command) = 0;

  /// Connects a client with the port `connection->port()`. Called for each forwarded connection of
  /// the SPDY connection that `request` has opened.
  virtual void port_forward(PortForwardRequest request,
                            std::shared_ptr<ForwardedConnection> connection) = 0;
};

}  // namespace uvspdy::kube
