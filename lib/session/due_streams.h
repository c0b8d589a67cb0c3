#pragma once

#include <utility>
#include <vector>

#include "session/stream.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// The streams for which the next advance has to call the Handler. Each stream knows the calls.
class DueStreams {
 public:
  bool empty() const { return due_.empty(); }

  void add(Stream& stream) {
    if (!std::exchange(stream.due, true)) due_.push_back(stream.id);
  }

  /// Calls `tell` for each stream; `find` returns null for one that is gone. Streams that `tell`
  /// adds are left for the next call. The two lists change places, so that both keep their memory.
  template <class Find, class Tell>
  void tell_all(Find find, Tell tell) {
    telling_.swap(due_);
    for (const wire::StreamId id : telling_) {
      Stream* stream = find(id);
      if (stream == nullptr) continue;
      stream->due = false;
      tell(*stream);
    }
    telling_.clear();
  }

 private:
  std::vector<wire::StreamId> due_;
  std::vector<wire::StreamId> telling_;
};

}  // namespace uvspdy::session
