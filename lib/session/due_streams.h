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
  bool empty() const { return due_.empty() && next_ == reporting_.size(); }

  void add(Stream& stream) {
    if (!std::exchange(stream.due, true)) due_.push_back(stream.id);
  }

  /// Calls `report` for each stream, kMostAtOnce of them at most; `find` returns null for one that
  /// is gone. The others, and streams that `report` adds, are left for the next call. The two lists
  /// change places, so that both keep their memory.
  template <class Find, class Report>
  void report_all(Find find, Report report) {
    if (next_ == reporting_.size()) {
      reporting_.clear();
      reporting_.swap(due_);
      next_ = 0;
    }
    const std::size_t end = std::min(reporting_.size(), next_ + kMostAtOnce);
    while (next_ < end) {
      Stream* stream = find(reporting_[next_++]);
      if (stream == nullptr) continue;
      stream->due = false;
      report(*stream);
    }
  }

 private:
  static constexpr std::size_t kMostAtOnce = 64;

  std::vector<wire::StreamId> due_;
  std::vector<wire::StreamId> reporting_;
  std::size_t next_ = 0;  // the first in reporting_ that is not reported
};

}  // namespace uvspdy::session
