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
  std::string message{};  ///< the server's text for a code other than 0
};

/// Sends the sizes of the local terminal to a remote command's terminal. Copies refer to the same
/// terminal; destroying them ends nothing.
class UVSPDY_EXPORT TerminalResize {
 public:
  /// Refers to no terminal: `send` does nothing.
  TerminalResize() = default;
  explicit TerminalResize(std::weak_ptr<TerminalSizeWriter> writer);  // by exec and attach

  /// Whether sizes can be sent: the command has a terminal, and the protocol is v3.channel.k8s.io
  /// or v4. False from on_exit on.
  explicit operator bool() const { return !writer_.expired(); }

  /// Sends a new size. While the server does not read, only the newest size is kept for it.
  void send(TerminalSize size) const;

 private:
  std::weak_ptr<TerminalSizeWriter> writer_;
};

/// The client's halves of a command's streams, to be moved out by whoever uses them. A half that
/// the request does not ask for is of no stream.
struct RemoteCommandStreams {
  /// Call end() on it after the last input. Destroying it before end() resets the stream: the
  /// server's command sees its stdin break off.
  httpstream::StreamWriter standard_input{};
  /// Destroying this reader discards the output; on_exit still comes after the server has ended it.
  /// A reader that is kept must be read to its end, for on_exit comes after that.
  httpstream::StreamReader standard_output{};
  httpstream::StreamReader standard_error{};  ///< as standard_output; of no stream also with
                                              ///< a terminal, which has only one output
  TerminalResize terminal_resize{};
  std::string protocol{};  ///< the version that the server chose: kProtocolV4 and so on
};

struct RemoteCommandHandlers {
  /// Called when all streams of the command are open. Halves that it does not move out of its
  /// argument are destroyed when it returns: output is discarded, stdin breaks off. An empty
  /// handler does that to all of them.
  OnceCallback<void(RemoteCommandStreams)> on_started{};

  /// Called once, after the outputs' on_end, with the command's exit status or an error. Later only
  /// the handlers of a standard_input that is still held may run. A connection that breaks is never
  /// reported as success; the command may then have run or not. Errors:
  ///
  /// - kube::Errc: kNoStatus (the streams ended before the status and all output had come),
  ///   kBadStatus (the status is malformed or longer than 64 KiB), kCommandFailed (the server
  ///   reported a failure without an exit code);
  /// - while connecting, those of ApiServer::dial, kube::Errc::kCredentials among them;
  /// - while the streams are created, session::Errc: kStreamRefused, kStreamReset, kGoneAway,
  ///   kConnectionClosed (the server ended the connection in order), kConnectionLost,
  ///   kCreateTimeout, kIdleTimeout, kPeerDead (time limits of ConnectionOptions::session),
  ///   kLimitExceeded, kFlowControl, kProtocolError, or a wire::Errc (the server broke SPDY);
  /// - UV_ECANCELED after cancel().
  OnceCallback<void(Result<ExitStatus>)> on_exit{};
};

/// Runs a command in a container (exec). From docs/examples/kube_client.cpp:
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
/// exec offers v4.channel.k8s.io, v3, v2 and channel.k8s.io (v1); the server chooses. Only v4
/// carries exit codes. In v3 and v2 a command that fails is kCommandFailed with the server's text,
/// and exit code 0 is reported when the server ends the error stream (FIN) or the connection
/// (GOAWAY) without a text. v1 servers reset the error stream before the command runs: in v1, exit
/// code 0 means only that the outputs, or the connection (GOAWAY), have ended in order.
///
/// `size` is the initial size of the command's terminal, if the request asks for one. It is sent
/// before the last stream is created, which is when servers start the command. 0 by 0, a size that
/// is not known, is sent, too: a StreamingServer then does not wait for another.
///
/// Handlers run from the loop and are freed after on_exit. The ApiServer may be destroyed
/// meanwhile. cancel() gives up the dial, or closes the connection; the server decides whether that
/// ends the command. on_exit follows soon, after each output's on_end, even of a paused reader.
UVSPDY_EXPORT net::Attempt exec(ApiServer& server, const ExecRequest& request,
                                RemoteCommandHandlers handlers, TerminalSize size = {});

/// Attaches to the main process that a container runs already; otherwise like exec. on_exit reports
/// the end of the process, with its exit code if the server sends one. cancel() detaches and leaves
/// the process running.
UVSPDY_EXPORT net::Attempt attach(ApiServer& server, const AttachRequest& request,
                                  RemoteCommandHandlers handlers, TerminalSize size = {});

/// Returns an error's text for people: error.message(), or, when a server refused the upgrade with
/// a metav1.Status that has a message, "the server refused (403): MESSAGE".
UVSPDY_EXPORT std::string describe(const Error& error);

}  // namespace uvspdy::kube
