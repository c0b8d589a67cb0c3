#pragma once

#include <array>
#include <cstddef>

#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// The latest streams for which a stray frame gets no RST_STREAM: either side has sent one already,
/// and one answers all further frames (section 2.4.2). A stream older than these may get another.
class ResetStreams {
 public:
  void add(wire::StreamId id) {
    ids_[next_] = id;
    next_ = (next_ + 1) % ids_.size();
  }

  bool contains(wire::StreamId id) const {
    for (const wire::StreamId known : ids_) {
      if (known == id) return true;
    }
    return false;
  }

 private:
  std::array<wire::StreamId, 64> ids_{};  // 0 is no stream
  std::size_t next_ = 0;
};

}  // namespace uvspdy::session
