#pragma once

#include <functional>
#include <memory>
#include <string>

#include "uvspdy/error.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/kube/api_server.h"
#include "uvspdy/kube/remotecommand.h"
#include "uvspdy/net/attempt.h"

namespace uvspdy::kube {

/// How a remote command ended.
struct ExitStatus {
  int code = 0;
  std::string message;  ///< the server's words when the code is not 0
};

/// The streams of a command. Set on_data, on_writable, pause and resume as you like; on_end and
/// on_close belong to `exec`, which waits for them.
struct ExecStreams {
  std::shared_ptr<httpstream::Stream> standard_input;  ///< null unless asked for, as are these:
  std::shared_ptr<httpstream::Stream> standard_output;
  std::shared_ptr<httpstream::Stream> standard_error;
};

struct ExecHandlers {
  /// The command's streams are there. Set on_data for both outputs, or ignore them by a handler
  /// that does nothing: `on_exit` comes after everything that was written to them.
  std::function<void(const ExecStreams&)> on_started;

  /// The last call, once: how the command ended, when all its output has been delivered. Errors:
  /// those of ApiServer::dial and Connection::create_stream; kNoStatus when the
  /// connection ended before the status came (the command's fate is then unknown, and it is never
  /// taken for success); kBadStatus; kCommandFailed; UV_ECANCELED.
  std::function<void(Result<ExitStatus>)> on_exit;
};

/// The client's side of exec, over v4.channel.k8s.io:
///
///     exec(server, request,
///          {.on_started = [](const ExecStreams& streams) {
///             streams.standard_output->on_data([](Bytes bytes) { ... });
///             ...
///           },
///           .on_exit = [](Result<ExitStatus> status) { ... }});
///
/// The handlers live until on_exit has run. The server may be dropped meanwhile. Cancelling gives
/// up whatever step of the dial it is at, or closes the connection, which a server takes for the
/// end of the command; on_exit comes from the loop, soon, and nothing else does.
net::Attempt exec(ApiServer& server, ExecRequest request, ExecHandlers handlers);

/// An error for people: when a server refused an upgrade with a metav1.Status, that one's message.
std::string describe(const Error& error);

}  // namespace uvspdy::kube
