#pragma once

#include <array>
#include <cstdint>

#include "session/stream.h"

namespace uvspdy::session {

/// Which stream sends next: the highest priority that wants to, and inside one priority each in
/// its turn. All operations are O(1).
class SendScheduler {
 public:
  /// Puts a stream at the end of its priority's line, unless it stands there already.
  void add(Stream& stream);
  void remove(Stream& stream);

  /// Takes the stream whose turn it is out of its line, or null. It is for the caller to `add` it
  /// again if it has more.
  Stream* take();

  bool empty() const { return occupied_ == 0; }

 private:
  struct Line {
    Stream* first = nullptr;
    Stream* last = nullptr;
  };
  std::array<Line, wire::kLowestPriority + 1> lines_;
  std::uint8_t occupied_ = 0;  // bit n: the line of priority n is not empty
};

}  // namespace uvspdy::session
