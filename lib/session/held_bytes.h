#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "uvspdy/bytes.h"

namespace uvspdy::session {

/// What has arrived for a paused reader, in one piece of memory: a peer that sends single bytes
/// makes us hold single bytes, not a list node for each. One pointer while there is nothing.
class HeldBytes {
 public:
  std::size_t size() const { return bytes_ ? bytes_->size() : 0; }
  bool empty() const { return size() == 0; }

  void append(Bytes more) {
    if (more.empty()) return;
    if (!bytes_) bytes_ = std::make_unique<std::vector<std::uint8_t>>();
    // By a quarter, not by doubling: what a paused stream costs is bounded.
    const std::size_t needed = bytes_->size() + more.size();
    if (needed > bytes_->capacity()) bytes_->reserve(std::max(needed, bytes_->size() * 5 / 4));
    bytes_->insert(bytes_->end(), more.begin(), more.end());
  }

  /// Everything that is held; it holds nothing afterwards.
  std::vector<std::uint8_t> take() {
    const std::unique_ptr<std::vector<std::uint8_t>> taken = std::move(bytes_);
    return taken ? std::move(*taken) : std::vector<std::uint8_t>();
  }

 private:
  std::unique_ptr<std::vector<std::uint8_t>> bytes_;
};

}  // namespace uvspdy::session
