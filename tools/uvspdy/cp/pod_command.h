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

/// A command that runs in a pod: its output to read and its input to write, each waiting until
/// there is something to read, or room. What it writes to its stderr goes to the console.
class PodCommand {
 public:
  enum class Input { kNone, kGiven };

  PodCommand(Pod& pod, std::vector<std::string> words, Input input = Input::kNone);
  /// A command that runs is given up.
  ~PodCommand();
  PodCommand(const PodCommand&) = delete;
  PodCommand& operator=(const PodCommand&) = delete;

  /// The next bytes of the output, valid until the next call. None: the command has ended, and
  /// `wait` says how.
  uvspdy::Bytes read();

  /// False: the command takes no more. What it has not taken yet is bounded by the stream's
  /// high-water mark.
  bool write(uvspdy::Bytes bytes);

  /// The end of the input, behind everything written.
  void close_input();

  /// Waits for the command's end. Output that nobody has read is dropped.
  void finish();

  /// `finish`, and how the command ended. Errors: those of kube::exec.
  const uvspdy::Result<uvspdy::kube::ExitStatus>& wait();

  /// Whether `wait` would not wait.
  bool ended() const { return status_.has_value(); }

  /// Gives the command up. `wait` then says UV_ECANCELED.
  void cancel();

 private:
  void started(uvspdy::kube::RemoteCommandStreams streams);
  void exited(uvspdy::Result<uvspdy::kube::ExitStatus> status);
  void turn();
  void arrive(uvspdy::Bytes bytes);
  void hear(uvspdy::Bytes words);
  bool takes_more() const;

  Pod& pod_;
  bool started_ = false;
  bool finishing_ = false;  // nobody reads the output any more
  uvspdy::httpstream::StreamWriter input_;
  uvspdy::httpstream::StreamReader output_;
  uvspdy::httpstream::StreamReader error_output_;
  std::vector<std::uint8_t> arrived_;
  std::vector<std::uint8_t> read_;  // what `read` has handed out
  std::string words_;               // of stderr, without a line's end yet
  std::optional<uvspdy::Result<uvspdy::kube::ExitStatus>> status_;
  uvspdy::net::Attempt attempt_;
};
