#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "uvspdy/bytes.h"

namespace uvspdy::session {

/// What has arrived for a paused reader, in one piece of memory: a peer that sends single bytes
/// makes us hold single bytes, not a list node for each.
class HeldBytes {
 public:
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  void append(Bytes bytes) {
    // By a quarter, not by doubling: what a paused stream costs is bounded.
    const std::size_t needed = bytes_.size() + bytes.size();
    if (needed > bytes_.capacity()) bytes_.reserve(std::max(needed, bytes_.size() * 5 / 4));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }

  /// Everything that is held; it holds nothing afterwards.
  std::vector<std::uint8_t> take() { return std::exchange(bytes_, {}); }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace uvspdy::session
