#pragma once

#include <functional>
#include <memory>
#include <string>

#include "uvspdy/error.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/kube/client/api_server.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/net/attempt.h"

namespace uvspdy::kube {

/// How a remote command ended.
struct ExitStatus {
  int code = 0;
  std::string message;  ///< the server's words when the code is not 0
};

/// The streams of a command. Set on_data, on_writable, pause and resume as you like; on_end and
/// on_close belong to `exec` and `attach`, which wait for them.
struct RemoteCommandStreams {
  std::shared_ptr<httpstream::Stream> standard_input;  ///< null unless asked for, as are these:
  std::shared_ptr<httpstream::Stream> standard_output;
  std::shared_ptr<httpstream::Stream> standard_error;  ///< null also with a terminal, which has one
                                                       ///< output
  /// Takes the terminal's sizes; null without a terminal, and before v3.channel.k8s.io.
  std::shared_ptr<httpstream::Stream> terminal_resize;
  std::string protocol;  ///< the one that the server chose

  /// Tells the command's terminal its new size. While the server does not read, only the newest
  /// one is kept. Does nothing where there is nobody to tell: see terminal_resize.
  void resize(TerminalSize size) const;
};

struct RemoteCommandHandlers {
  /// The command's streams are there. Set on_data for the outputs that there are, or ignore them by
  /// a handler that does nothing: `on_exit` comes after everything that was written to them.
  std::function<void(const RemoteCommandStreams&)> on_started;

  /// The last call, once: how the command ended, when all its output has been delivered. Errors:
  /// those of ApiServer::dial and Connection::create_stream; kNoStatus when the connection ended
  /// before the status came (the command's fate is then unknown, and it is never taken for
  /// success); kBadStatus; kCommandFailed; UV_ECANCELED.
  std::function<void(Result<ExitStatus>)> on_exit;
};

/// The client's side of exec:
///
///     exec(server, request,
///          {.on_started = [](const RemoteCommandStreams& streams) {
///             streams.standard_output->on_data([](Bytes bytes) { ... });
///             ...
///           },
///           .on_exit = [](Result<ExitStatus> status) { ... }});
///
/// It offers v4.channel.k8s.io, v3, v2 and channel.k8s.io (v1); the server chooses. Only v4 has
/// exit codes. Before it, a command that fails ends with kCommandFailed and the server's text, and
/// code 0 is an end in order, FIN or GOAWAY, without a text. v1 is worse: its servers give up the
/// error stream before the command runs, so that its code 0 says no more than that the outputs have
/// ended in order.
///
/// With a terminal, `size` is its first size: the server has it before it has all the streams,
/// which is when it starts the command. 0 x 0: none is sent.
///
/// The handlers live until on_exit has run. The server may be dropped meanwhile. Cancelling gives
/// up whatever step of the dial it is at, or closes the connection, which a server takes for the
/// end of the command; on_exit comes from the loop, soon, and nothing else does.
net::Attempt exec(ApiServer& server, const ExecRequest& request, RemoteCommandHandlers handlers,
                  TerminalSize size = {});

/// The same for the process that a container runs already. Its end ends it, with its exit code
/// where the server tells that; cancelling detaches, and leaves it running.
net::Attempt attach(ApiServer& server, const AttachRequest& request, RemoteCommandHandlers handlers,
                    TerminalSize size = {});

/// An error for people: when a server refused an upgrade with a metav1.Status, that one's message.
std::string describe(const Error& error);

}  // namespace uvspdy::kube
