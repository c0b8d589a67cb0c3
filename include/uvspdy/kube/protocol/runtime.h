#pragma once

#include <memory>

#include "uvspdy/export.h"
#include "uvspdy/kube/protocol/forwarded_connection.h"
#include "uvspdy/kube/protocol/port_forward.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/kube/protocol/served_command.h"

namespace uvspdy::kube {

/// What a StreamingServer streams from and to: containers, or whatever an embedder has. Like the
/// Runtime of the CRI streaming server; but calls return at once, and the end is told by what they
/// were given. They come from the loop, one for each client, and what they hand over is the
/// Runtime's to keep. They must not throw.
class UVSPDY_EXPORT Runtime {
 public:
  virtual ~Runtime() = default;

  /// Runs a command.
  virtual void exec(ExecRequest request, std::shared_ptr<ServedCommand> command) = 0;

  /// Joins a client with a process that runs.
  virtual void attach(AttachRequest request, std::shared_ptr<ServedCommand> command) = 0;

  /// Connects a client with a port: connection->port(). Called for each connection that is
  /// forwarded over the one that the request is of.
  virtual void port_forward(PortForwardRequest request,
                            std::shared_ptr<ForwardedConnection> connection) = 0;
};

}  // namespace uvspdy::kube
