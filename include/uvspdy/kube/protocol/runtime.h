#pragma once

#include <functional>
#include <memory>
#include <string>

#include "uvspdy/httpstream/stream.h"
#include "uvspdy/kube/protocol/forwarded_connection.h"
#include "uvspdy/kube/protocol/port_forward.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/kube/protocol/status.h"

namespace uvspdy::kube {

/// One exec or attach on the server, once all of its streams are there, whatever the version of
/// the protocol: what a StreamingServer hands to its Runtime.
///
/// Until `finish` the streams' handlers are the Runtime's to set; ones that do nothing are set on
/// the outputs, because a client has nothing to say there. A life:
///
///     session->standard_input()->on_data([process](Bytes bytes) { ... });
///     session->standard_output()->write(buffer);   // pause the process while it is not writable()
///     session->on_gone([process] { ... });         // end the process: nobody is there any more
///     session->finish(exit_status(code));          // the process has ended, its output is written
///
/// An output may be closed as soon as it has ended, before `finish`. Handlers run from the loop,
/// never inside a call of these functions, and are freed after `finish` or on_gone. The object
/// belongs to the thread of its server's loop and may outlive the server.
class RemoteCommandSession {
 public:
  class Impl;  // of the library

  explicit RemoteCommandSession(std::shared_ptr<Impl> impl);  // by StreamingServer

  /// Without `finish` before it, ends the session with a failure that says so.
  ~RemoteCommandSession();
  RemoteCommandSession(const RemoteCommandSession&) = delete;
  RemoteCommandSession& operator=(const RemoteCommandSession&) = delete;

  /// The client's streams; null unless the request asks for them. standard_error() is always null
  /// beside a terminal.
  const std::shared_ptr<httpstream::Stream>& standard_input() const;
  const std::shared_ptr<httpstream::Stream>& standard_output() const;
  const std::shared_ptr<httpstream::Stream>& standard_error() const;

  /// Whether the client asks for a terminal.
  bool tty() const;

  /// The client, for messages.
  const std::string& peer() const;

  /// The protocol that was agreed on: kProtocolV4 and so on.
  const std::string& protocol() const;

  /// Gets the sizes of the client's terminal. Of those that have come before it is set, the last
  /// one is told. Protocols before v3 have none.
  void on_resize(std::function<void(TerminalSize)> handler);

  /// The client has given up or vanished before `finish`: there is nobody to write to any more.
  /// Called once, also when that was before it is set.
  void on_gone(std::function<void()> handler);

  /// Ends the session: FIN on both outputs behind what was written to them, then the status as the
  /// protocol's version has it, then the client's turn to close, for at most
  /// StreamingServer::Options::close_grace. v4 carries the status as JSON; v3 and v2 carry the
  /// message of a failure; v1 carries nothing. What still comes on stdin is dropped. Takes the
  /// streams' handlers over and frees those that were set. Does nothing when called again, or when
  /// the client is gone.
  void finish(const Status& status);

 private:
  std::shared_ptr<Impl> impl_;
};

/// What a StreamingServer streams from and to: containers, or whatever an embedder has. Like the
/// Runtime of the CRI streaming server; but calls return at once, and the end is told by what
/// they were given. They come from the loop, one for each session, and what they hand over is the
/// Runtime's to keep.
class Runtime {
 public:
  virtual ~Runtime() = default;

  /// Runs a command.
  virtual void exec(ExecRequest request, std::shared_ptr<RemoteCommandSession> session) = 0;

  /// Joins a client with a process that runs.
  virtual void attach(AttachRequest request, std::shared_ptr<RemoteCommandSession> session) = 0;

  /// Connects a client with a port: connection->port(). Called for each connection that is
  /// forwarded over the one that the request is of.
  virtual void port_forward(PortForwardRequest request,
                            std::shared_ptr<ForwardedConnection> connection) = 0;
};

}  // namespace uvspdy::kube
