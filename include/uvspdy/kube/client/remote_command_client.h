#pragma once

#include <memory>
#include <string>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/stream_reader.h"
#include "uvspdy/httpstream/stream_writer.h"
#include "uvspdy/kube/client/api_server.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/net/attempt.h"

namespace uvspdy::kube {

class TerminalSizeWriter;  // of the library

/// How a remote command ended.
struct ExitStatus {
  int code = 0;
  std::string message{};  ///< the server's words when the code is not 0
};

/// Tells a command's terminal its size. Copies stand for the same terminal; dropping them ends
/// nothing.
class UVSPDY_EXPORT TerminalResize {
 public:
  /// Of no terminal: nobody is told.
  TerminalResize() = default;
  explicit TerminalResize(std::weak_ptr<TerminalSizeWriter> writer);  // by exec and attach

  /// Whether there is a terminal to tell: not before v3.channel.k8s.io, and not behind on_exit.
  explicit operator bool() const { return !writer_.expired(); }

  /// Sends a new size. While the server does not read, only the newest one is kept.
  void send(TerminalSize size) const;

 private:
  std::weak_ptr<TerminalSizeWriter> writer_;
};

/// The streams of a command: each half belongs to whoever takes it out of here.
struct RemoteCommandStreams {
  /// Of no stream unless asked for, as are these. End it behind the input. Dropped before that, it
  /// resets its stream, and the command sees its stdin break off.
  httpstream::StreamWriter standard_input{};
  /// An output that is dropped is thrown away as it comes: it holds nobody up, the command's end
  /// included. One that is kept has to be read to its end.
  httpstream::StreamReader standard_output{};
  httpstream::StreamReader standard_error{};  ///< of no stream also with a terminal, which has one
                                              ///< output
  TerminalResize terminal_resize{};
  std::string protocol{};  ///< the one that the server chose
};

struct RemoteCommandHandlers {
  /// The command's streams are there, to be taken: what is left in them when the handler returns is
  /// dropped, and all of it when the handler is empty: output is thrown away, stdin breaks off.
  OnceCallback<void(RemoteCommandStreams)> on_started{};

  /// The last call, once: how the command ended, behind all of its output and the on_end of those
  /// who read that. Only a standard_input that is still held may hear of its end later. Errors:
  /// those of ApiServer::dial and Connection::create_stream; kNoStatus when the connection ended
  /// before the status came (the command's fate is then unknown, and it is never taken for
  /// success); kBadStatus; kCommandFailed; UV_ECANCELED.
  OnceCallback<void(Result<ExitStatus>)> on_exit{};
};

/// The client's side of exec, from docs/examples/kube_client.cpp:
///
///     void run(ApiServer& server, const ExecRequest& request,
///              OnceCallback<void(Result<ExitStatus>)> done) {
///       const auto output = std::make_shared<StreamReader>();
///       RemoteCommandHandlers handlers;
///       handlers.on_started = [output](RemoteCommandStreams streams) {
///         *output = std::move(streams.standard_output);
///         output->on_data(print);
///       };
///       handlers.on_exit = [output, done = std::move(done)](Result<ExitStatus> status) mutable {
///         done(std::move(status));
///       };
///       kube::exec(server, request, std::move(handlers));
///     }
///
/// It offers v4.channel.k8s.io, v3, v2 and channel.k8s.io (v1); the server chooses. Only v4 has
/// exit codes. Before it, a command that fails ends with kCommandFailed and the server's text, and
/// code 0 is an end in order, FIN or GOAWAY, without a text. v1 is worse: its servers give up the
/// error stream before the command runs, so that its code 0 says no more than that the outputs have
/// ended in order.
///
/// With a terminal, `size` is its first size: the server has it before it has all the streams,
/// which is when it starts the command. 0 by 0, a size that nobody knows, is sent as well: a
/// StreamingServer then waits for no other.
///
/// The handlers live until on_exit has run. The server may be dropped meanwhile. Cancelling gives
/// up whatever step of the dial it is at, or closes the connection, which a server takes for the
/// end of the command; on_exit comes from the loop, soon, behind the ends of the outputs, which
/// then come to a reader that has paused, too.
UVSPDY_EXPORT net::Attempt exec(ApiServer& server, const ExecRequest& request,
                                RemoteCommandHandlers handlers, TerminalSize size = {});

/// The same for the process that a container runs already. Its end ends it, with its exit code
/// where the server tells that; cancelling detaches, and leaves it running.
UVSPDY_EXPORT net::Attempt attach(ApiServer& server, const AttachRequest& request,
                                  RemoteCommandHandlers handlers, TerminalSize size = {});

/// An error for people: when a server refused an upgrade with a metav1.Status, that one's message.
UVSPDY_EXPORT std::string describe(const Error& error);

}  // namespace uvspdy::kube
