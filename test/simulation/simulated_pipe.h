#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "plan.h"
#include "uvspdy/session/session.h"

namespace uvspdy::test {

/// One direction between two sessions: takes and gives pieces of any size.
class Pipe {
 public:
  explicit Pipe(Random& random) : random_(random) {}

  void take_from(session::Session& session, session::Time now) {
    const std::span<const Bytes> spans = session.output();
    std::size_t count = 0;
    const std::size_t most = random_.chance(2) ? random_.below(20) : random_.below(4000);
    for (const Bytes span : spans) {
      const Bytes piece = span.first(std::min(span.size(), most - count));
      under_way_.insert(under_way_.end(), piece.begin(), piece.end());
      count += piece.size();
      if (count == most) break;
    }
    session.output_sent(count, now);
  }

  /// False when there was nothing to give, or it is not wanted.
  bool give_to(session::Session& session, session::Time now) {
    if (under_way_.empty() || !session.wants_input()) return false;
    const std::size_t count = std::min(under_way_.size(), 1 + random_.below(Plan::kReadSize));
    const auto end = under_way_.begin() + static_cast<std::ptrdiff_t>(count);
    // Memory of its own, so that a view kept too long is caught.
    const std::vector<std::uint8_t> read(under_way_.begin(), end);
    const std::size_t taken = session.receive(read, now);
    under_way_.erase(under_way_.begin(), under_way_.begin() + static_cast<std::ptrdiff_t>(taken));
    return true;
  }

  bool empty() const { return under_way_.empty(); }

 private:
  Random& random_;
  std::vector<std::uint8_t> under_way_;
};

}  // namespace uvspdy::test
