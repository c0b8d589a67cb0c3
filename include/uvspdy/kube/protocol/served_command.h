#pragma once

#include <string>

#include "uvspdy/callback.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/stream_reader.h"
#include "uvspdy/httpstream/stream_writer.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/kube/protocol/status.h"

namespace uvspdy::kube {

/// One exec or attach on the server, whatever the version of the protocol. A StreamingServer passes
/// it to its Runtime when the client has created all streams. From
/// docs/examples/streaming_server.cpp:
///
///     Pump::start(std::make_unique<Capitals>(source_of(command->take_standard_input())),
///                 sink_of(command->take_standard_output()), [command](const Error& error) {
///                   command->finish(exit_status(error ? 1 : 0, error.message()));
///                 });
///
/// Each half of a stream belongs to whoever has taken it, and reports its end to its own handlers.
/// When the client goes, all halves end at once, those of paused readers too, and bytes that were
/// buffered for a reader are dropped.
///
/// Handlers run from the loop, never inside a call of these functions, and are freed by `finish` or
/// after on_gone. The object belongs to its loop's thread and may outlive the server.
class UVSPDY_EXPORT ServedCommand {
 public:
  using ResizeHandler = Callback<void(TerminalSize)>;
  using GoneHandler = OnceCallback<void()>;

  /// If `finish` was not called, reports a failure (InternalError) to the client.
  virtual ~ServedCommand() = default;

  /// Takes the reader of the command's stdin; input is buffered until then. The reader is of no
  /// stream if it was taken before, or if the request does not ask for stdin.
  virtual httpstream::StreamReader take_standard_input() = 0;

  /// Takes the writer of an output. It is of no stream if it was taken before, or if the request
  /// does not ask for that output; stderr's also with a terminal, which has only one output.
  virtual httpstream::StreamWriter take_standard_output() = 0;
  virtual httpstream::StreamWriter take_standard_error() = 0;

  /// Whether the client asks for a terminal.
  virtual bool tty() const = 0;

  /// The newest size of the client's terminal, with which the command's terminal should start; 0 by
  /// 0 while the client has reported none (StreamingServerOptions::terminal_size_timeout).
  virtual TerminalSize terminal_size() const = 0;

  /// The client's address, for messages; valid also when the client has gone.
  virtual std::string peer() const = 0;

  /// The protocol that was negotiated: kProtocolV4 and so on.
  virtual const std::string& protocol() const = 0;

  /// Sets the handler that receives sizes of the client's terminal, first the newest that came
  /// before. Sizes without columns or rows are ignored. Protocols before v3 carry no sizes.
  virtual void on_resize(ResizeHandler handler) = 0;

  /// Sets the handler that runs once if the client gives up or vanishes before `finish`; if that
  /// has happened already, it runs in the loop's next turn. Nothing reaches the client after that.
  virtual void on_gone(GoneHandler handler) = 0;

  /// Reports how the command has ended. The status is sent once both outputs have ended and left.
  /// `finish` ends an output that nobody has taken. The holder of a taken output must end it,
  /// before this call or later; destroying its writer without end() resets its stream.
  ///
  /// v4 carries the status as JSON; v3 and v2 carry the message of a failure; v1 carries nothing.
  /// Then the client has StreamingServerOptions::close_grace to close the connection. stdin that
  /// nobody has taken is discarded; destroy a reader that was taken. Further calls do nothing.
  virtual void finish(const Status& status) = 0;

 protected:
  ServedCommand() = default;
  ServedCommand(const ServedCommand&) = delete;
  ServedCommand& operator=(const ServedCommand&) = delete;
};

}  // namespace uvspdy::kube
