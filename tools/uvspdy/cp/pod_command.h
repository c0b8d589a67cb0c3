#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pod.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/kube/client/remote_command_client.h"
#include "uvspdy/net/attempt.h"

namespace uvspdy::command {

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

  /// The next bytes of the output, valid until the next call. None: it has ended, `wait` says how.
  Bytes read();

  /// False: the command takes no more. What it has not taken yet, and how much memory that needs,
  /// is bounded by the stream's high-water mark.
  bool write(Bytes bytes);

  /// The end of the input, behind everything written.
  void close_input();

  /// How the command ended. Output that nobody has read is dropped. Errors: those of kube::exec.
  const Result<kube::ExitStatus>& wait();

  /// Whether `wait` would not wait.
  bool ended() const { return status_.has_value(); }

  /// Gives the command up. `wait` then says UV_ECANCELED.
  void cancel();

 private:
  void started(const kube::RemoteCommandStreams& streams);
  void exited(Result<kube::ExitStatus> status);
  void turn();
  void hear(Bytes words);

  Pod& pod_;
  kube::RemoteCommandStreams streams_;
  bool started_ = false;
  bool drop_output_ = false;
  std::vector<std::uint8_t> arrived_;
  std::vector<std::uint8_t> read_;  // what `read` has handed out
  std::string words_;               // of stderr, without a line's end yet
  std::optional<Result<kube::ExitStatus>> status_;
  net::Attempt attempt_;
};

}  // namespace uvspdy::command
