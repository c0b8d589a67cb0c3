#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "uvspdy/bytes.h"

namespace uvspdy::session {

/// Data buffered for one paused reader, in one piece of memory, so that a peer that sends single
/// bytes makes us hold single bytes and not a list node for each. Only one pointer while empty.
class HeldBytes {
 public:
  std::size_t size() const { return bytes_ ? bytes_->size() : 0; }
  bool empty() const { return size() == 0; }

  void append(Bytes more) {
    if (more.empty()) return;
    if (!bytes_) bytes_ = std::make_unique<std::vector<std::uint8_t>>();
    // Grows by a quarter and not by doubling, to bound the cost of a paused stream.
    const std::size_t needed = bytes_->size() + more.size();
    if (needed > bytes_->capacity()) bytes_->reserve(std::max(needed, bytes_->size() * 5 / 4));
    bytes_->insert(bytes_->end(), more.begin(), more.end());
  }

  /// Removes and returns all bytes.
  std::vector<std::uint8_t> take() {
    const std::unique_ptr<std::vector<std::uint8_t>> taken = std::move(bytes_);
    return taken ? std::move(*taken) : std::vector<std::uint8_t>();
  }

 private:
  std::unique_ptr<std::vector<std::uint8_t>> bytes_;
};

}  // namespace uvspdy::session
