#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "session/stream.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// The streams for which the next advance has to call the Handler. Each stream knows the calls.
class DueStreams {
 public:
  bool empty() const { return due_.empty() && next_ == telling_.size(); }

  void add(Stream& stream) {
    if (!std::exchange(stream.due, true)) due_.push_back(stream.id);
  }

  /// Calls `tell` for each stream, kMostAtOnce of them at most; `find` returns null for one that is
  /// gone. The others, and streams that `tell` adds, are left for the next call. The two lists
  /// change places, so that both keep their memory.
  template <class Find, class Tell>
  void tell_all(Find find, Tell tell) {
    if (next_ == telling_.size()) {
      telling_.clear();
      telling_.swap(due_);
      next_ = 0;
    }
    const std::size_t end = std::min(telling_.size(), next_ + kMostAtOnce);
    while (next_ < end) {
      Stream* stream = find(telling_[next_++]);
      if (stream == nullptr) continue;
      stream->due = false;
      tell(*stream);
    }
  }

 private:
  static constexpr std::size_t kMostAtOnce = 64;

  std::vector<wire::StreamId> due_;
  std::vector<wire::StreamId> telling_;
  std::size_t next_ = 0;  // the first in telling_ that is not told
};

}  // namespace uvspdy::session
