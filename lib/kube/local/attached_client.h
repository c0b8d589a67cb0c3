#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kube/process/process.h"
#include "uvspdy/kube/protocol/runtime.h"

namespace uvspdy::kube {

/// The outputs of one client that is attached to a process, each with what waits for it. Never
/// makes anybody wait: whoever writes asks for `waiting` and decides.
class AttachedClient : public std::enable_shared_from_this<AttachedClient> {
 public:
  explicit AttachedClient(std::shared_ptr<RemoteCommandSession> session)
      : session_(std::move(session)) {}

  /// Once, before it is written to. `on_caught_up` is called when it is behind no more.
  void start(std::function<void()> on_caught_up);

  const std::shared_ptr<RemoteCommandSession>& session() const { return session_; }

  /// Sends a piece of output; nothing if the client has not asked for this output or has taken it
  /// away. A buffer is shared with its stream, until more waits there than is written at once;
  /// then it is copied.
  void write(Process::Output output, const Buffer& buffer);

  /// Bytes that wait for the client, in memory of ours.
  std::size_t waiting() const;

  /// Whether more waits than its streams take at once.
  bool is_behind() const { return !outputs_[0].kept.empty() || !outputs_[1].kept.empty(); }

  /// Ends the session behind all that was written.
  void finish(const Status& status);

  /// Ends it at once: what waits is dropped.
  void drop(const Status& status);

 private:
  struct OutputStream {
    std::shared_ptr<httpstream::Stream> stream;
    std::vector<std::string> kept;  // blocks of kBlockSize, behind what the stream has
  };

  void flush(OutputStream& output);
  void forget(OutputStream& output);

  std::shared_ptr<RemoteCommandSession> session_;
  std::array<OutputStream, 2> outputs_;
  std::function<void()> on_caught_up_;
};

}  // namespace uvspdy::kube
