#pragma once

#include <string>

#include "uvspdy/callback.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/stream_reader.h"
#include "uvspdy/httpstream/stream_writer.h"
#include "uvspdy/kube/protocol/remote_command.h"
#include "uvspdy/kube/protocol/status.h"

namespace uvspdy::kube {

/// One exec or attach on the server, once all of its streams are there, whatever the version of
/// the protocol: what a StreamingServer hands to its Runtime. A life, from
/// docs/examples/streaming_server.cpp:
///
///     Pump::start(std::make_unique<Capitals>(source_of(command->take_standard_input())),
///                 sink_of(command->take_standard_output()), [command](const Error& error) {
///                   command->finish(exit_status(error ? 1 : 0, error.message()));
///                 });
///
/// The halves of the streams belong to whoever has taken them. Each hears how it ends, also when
/// the client goes: by then nothing pauses any more, and what was held for a reader is dropped.
///
/// Handlers run from the loop, never inside a call of these functions, and are freed after `finish`
/// or on_gone. The object belongs to the thread of its server's loop and may outlive the server.
class UVSPDY_EXPORT ServedCommand {
 public:
  using ResizeHandler = Callback<void(TerminalSize)>;
  using GoneHandler = OnceCallback<void()>;

  /// Without `finish` before it, finishes with a failure that says so.
  virtual ~ServedCommand() = default;

  /// What the client sends to the command's stdin, to be taken once: at once, or later, and until
  /// then it is held. A reader of no stream unless the request asks for stdin.
  virtual httpstream::StreamReader take_standard_input() = 0;

  /// Where the command's output goes, to be taken once. A writer of no stream unless the request
  /// asks for this output; of standard_error also with a terminal, which has one output.
  virtual httpstream::StreamWriter take_standard_output() = 0;
  virtual httpstream::StreamWriter take_standard_error() = 0;

  /// Whether the client asks for a terminal.
  virtual bool tty() const = 0;

  /// The newest size of the client's terminal, with which the command's terminal is to start;
  /// 0 by 0 while the client has reported none (StreamingServerOptions::terminal_size_timeout).
  virtual TerminalSize terminal_size() const = 0;

  /// The client, for messages; also when it has gone.
  virtual std::string peer() const = 0;

  /// The protocol that was agreed on: kProtocolV4 and so on.
  virtual const std::string& protocol() const = 0;

  /// Gets the sizes of the client's terminal. Of those that have come before it is set, the last
  /// one is told. A size without columns or rows is none. Protocols before v3 have no sizes.
  virtual void on_resize(ResizeHandler handler) = 0;

  /// The client has given up or vanished before `finish`: there is nobody to write to any more.
  /// Called once, also when that was before it is set.
  virtual void on_gone(GoneHandler handler) = 0;

  /// The command has ended. Its status follows once both outputs are over and have left. An output
  /// that nobody has taken is ended here. One that was taken is its holder's to end, before this or
  /// after it, and the status waits; a writer that is dropped without an end resets its stream.
  ///
  /// v4 carries the status as JSON; v3 and v2 carry the message of a failure; v1 carries nothing.
  /// Then it is the client's turn to close, for at most StreamingServerOptions::close_grace. What
  /// still comes on stdin is dropped, unless somebody has taken it: drop that reader, too. Does
  /// nothing when called again, or when the client is gone.
  virtual void finish(const Status& status) = 0;

 protected:
  ServedCommand() = default;
  ServedCommand(const ServedCommand&) = delete;
  ServedCommand& operator=(const ServedCommand&) = delete;
};

}  // namespace uvspdy::kube
