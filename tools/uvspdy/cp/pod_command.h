#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pod.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/stream_reader.h"
#include "uvspdy/httpstream/stream_writer.h"
#include "uvspdy/kube/client/remote_command_client.h"
#include "uvspdy/net/attempt.h"

namespace uvspdy::command {

/// A command that runs in a pod. Reading its output and writing its input block (by running the
/// loop) until there are bytes or room. Its stderr goes to the console.
class PodCommand {
 public:
  enum class Input { kNone, kGiven };

  PodCommand(Pod& pod, std::vector<std::string> words, Input input = Input::kNone);
  /// Gives up a command that still runs.
  ~PodCommand();
  PodCommand(const PodCommand&) = delete;
  PodCommand& operator=(const PodCommand&) = delete;

  /// Returns the next bytes of the output, valid until the next call. Empty: the command has ended,
  /// and `wait` returns its result; or it has to, because of a signal.
  Bytes read();

  /// Writes input. False: the command takes no more. Unsent bytes are limited by the stream's
  /// high-water mark.
  bool write(Bytes bytes);

  /// Ends the input after everything written.
  void close_input();

  /// Waits for the command's end. Unread output is discarded.
  void finish();

  /// Calls `finish`, and returns how the command ended. Errors: those of kube::exec.
  const Result<kube::ExitStatus>& wait();

  /// Whether the command has ended, so that `wait` returns at once.
  bool ended() const { return status_.has_value(); }

  /// Gives the command up; `wait` then returns UV_ECANCELED.
  void cancel();

 private:
  void started(kube::RemoteCommandStreams streams);
  void exited(Result<kube::ExitStatus> status);
  void turn();
  void arrive(Bytes bytes);
  void hear(Bytes words);
  bool takes_more() const;

  Pod& pod_;
  bool started_ = false;
  bool finishing_ = false;  // output is discarded
  uvspdy::httpstream::StreamWriter input_;
  uvspdy::httpstream::StreamReader output_;
  uvspdy::httpstream::StreamReader error_output_;
  std::vector<std::uint8_t> arrived_;
  std::vector<std::uint8_t> read_;  // the bytes that `read` returned last
  std::string words_;               // of stderr, without a line's end yet
  std::optional<Result<kube::ExitStatus>> status_;
  net::Attempt attempt_;
};

}  // namespace uvspdy::command
