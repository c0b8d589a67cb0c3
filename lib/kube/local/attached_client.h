#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kube/process/process.h"
#include "uvspdy/callback.h"
#include "uvspdy/httpstream/piece.h"
#include "uvspdy/httpstream/pump.h"
#include "uvspdy/httpstream/stream_writer.h"
#include "uvspdy/kube/protocol/served_command.h"

namespace uvspdy::kube {

/// One client that is attached to a process: its outputs, each with the bytes buffered for it, and
/// its stdin, if it is the client that writes to the process's. `write` never waits: its caller
/// asks for `waiting` and decides.
class AttachedClient {
 public:
  /// `on_caught_up` is called when is_behind() turns false.
  AttachedClient(std::shared_ptr<ServedCommand> command, Callback<void()> on_caught_up);
  AttachedClient(const AttachedClient&) = delete;
  AttachedClient& operator=(const AttachedClient&) = delete;

  ServedCommand& command() const { return *command_; }

  /// Sends what the client writes to its stdin to `sink`, until the client leaves.
  void pump_input(std::unique_ptr<httpstream::Sink> sink);

  /// Sends a piece of output, if the client has asked for this output and has not reset it. While
  /// the stream has room it shares the memory of an owned piece; without room the piece is copied
  /// and buffered here.
  void write(Process::Output output, const httpstream::Piece& piece);

  /// How many bytes are buffered here, beyond those queued on the streams.
  std::size_t waiting() const;

  /// Whether bytes are buffered here, because a stream has no room.
  bool is_behind() const { return !outputs_[0].kept.empty() || !outputs_[1].kept.empty(); }

  /// Ends the pumping of input: the process reads no more of it, or the client goes.
  void leave_input();

  /// Reports to the client how the process has ended, after all output that was written.
  void finish(const Status& status);

  /// Ends the client's streams at once: buffered output is dropped.
  void drop(const Status& status);

 private:
  struct OutputStream {
    httpstream::StreamWriter writer;
    std::vector<std::string> kept;  // blocks of kBlockSize, after the bytes given to the stream
  };

  void flush(OutputStream& output);
  void forget(OutputStream& output);

  std::shared_ptr<ServedCommand> command_;
  std::array<OutputStream, 2> outputs_;
  std::shared_ptr<httpstream::Pump> input_;
  Callback<void()> on_caught_up_;
};

}  // namespace uvspdy::kube
