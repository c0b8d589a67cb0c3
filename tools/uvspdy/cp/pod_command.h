#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pod.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/stream_reader.h"
#include "uvspdy/httpstream/stream_writer.h"
#include "uvspdy/kube/client/remote_command_client.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::command {

/// A command that runs in a pod. Reading its output and writing its input block (by running the
/// loop) until there are bytes or room.
///
/// A command whose outputs have ended has a few seconds for its exit status, because some servers
/// (containerd) send no status while input is waiting for a command that reads no more.
class PodCommand {
 public:
  enum class Input { kNone, kGiven };
  /// Takes a line of the command's stderr, without its end, or a piece of a very long one.
  using OnLine = std::function<void(std::string_view line)>;

  /// Without `on_line` the command's stderr goes to the console.
  PodCommand(Pod& pod, std::vector<std::string> words, Input input = Input::kNone,
             OnLine on_line = {});
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

  /// Calls `finish`, and returns how the command ended. Errors: those of kube::exec, and
  /// std::errc::timed_out if the outputs have ended and no status has come.
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
  void output_ended();
  bool takes_more() const;

  Pod& pod_;
  std::string name_;  // of the command
  OnLine on_line_;
  bool started_ = false;
  bool finishing_ = false;  // output is discarded
  int open_outputs_ = 2;
  uvspdy::httpstream::StreamWriter input_;
  uvspdy::httpstream::StreamReader output_;
  uvspdy::httpstream::StreamReader error_output_;
  std::vector<std::uint8_t> arrived_;
  std::vector<std::uint8_t> read_;  // the bytes that `read` returned last
  std::string words_;               // of stderr, without a line's end yet
  std::optional<Result<kube::ExitStatus>> status_;
  bool is_late_ = false;  // the status is
  net::Timer status_limit_;
  net::Attempt attempt_;
};

}  // namespace uvspdy::command
