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

/// One client that is attached to a process: its outputs, each with what waits for it, and its
/// stdin, if it has that of the process. Never makes anybody wait: whoever writes asks for
/// `waiting` and decides.
class AttachedClient {
 public:
  /// `on_caught_up` is called when it is behind no more.
  AttachedClient(std::shared_ptr<ServedCommand> command, Callback<void()> on_caught_up);
  AttachedClient(const AttachedClient&) = delete;
  AttachedClient& operator=(const AttachedClient&) = delete;

  ServedCommand& command() const { return *command_; }

  /// Sends what the client writes to its stdin to `sink`, until the client leaves.
  void pump_input(std::unique_ptr<httpstream::Sink> sink);

  /// Sends a piece of output; nothing if the client has not asked for this output or has taken it
  /// away. What is owned is shared with the stream, until more waits there than is written at once;
  /// then it is copied.
  void write(Process::Output output, const httpstream::Piece& piece);

  /// Bytes that wait behind what the streams queue.
  std::size_t waiting() const;

  /// Whether more waits than its streams take at once.
  bool is_behind() const { return !outputs_[0].kept.empty() || !outputs_[1].kept.empty(); }

  /// The process reads no more of its stdin.
  void leave_input();

  /// Tells it how the process has ended, behind all that was written.
  void finish(const Status& status);

  /// Ends it at once: what waits is dropped.
  void drop(const Status& status);

 private:
  struct OutputStream {
    httpstream::StreamWriter writer;
    std::vector<std::string> kept;  // blocks of kBlockSize, behind what the stream has
  };

  void flush(OutputStream& output);
  void forget(OutputStream& output);

  std::shared_ptr<ServedCommand> command_;
  std::array<OutputStream, 2> outputs_;
  std::shared_ptr<httpstream::Pump> input_;
  Callback<void()> on_caught_up_;
};

}  // namespace uvspdy::kube
