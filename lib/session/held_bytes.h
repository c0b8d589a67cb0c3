#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/ring.h"
#include "uvspdy/bytes.h"

namespace uvspdy::session {

/// Data buffered for one paused reader, in blocks: a peer that sends single bytes makes us hold
/// single bytes and not a list node for each, and nothing of a large amount is ever copied again.
/// Only one pointer while empty.
class HeldBytes {
 public:
  /// The most bytes of a block.
  static constexpr std::size_t kBlock = 64 * 1024;

  std::size_t size() const { return blocks_ ? blocks_->size : 0; }
  bool empty() const { return size() == 0; }

  void append(Bytes more) {
    if (more.empty()) return;
    if (!blocks_) blocks_ = std::make_unique<Blocks>();
    while (!more.empty()) {
      if (blocks_->all.empty() || blocks_->all.back().size() == kBlock) blocks_->all.push_back({});
      const Bytes part = more.first(std::min(more.size(), kBlock - blocks_->all.back().size()));
      append(blocks_->all.back(), part);
      blocks_->size += part.size();
      more = more.subspan(part.size());
    }
  }

  /// Removes and returns the first block. Only if not empty.
  std::vector<std::uint8_t> take_front() {
    std::vector<std::uint8_t> taken = blocks_->all.take_front();
    blocks_->size -= taken.size();
    if (blocks_->size == 0) blocks_.reset();
    return taken;
  }

  void clear() { blocks_.reset(); }

 private:
  struct Blocks {
    Ring<std::vector<std::uint8_t>> all;
    std::size_t size = 0;
  };

  // Grows by a quarter and not by doubling, to bound what many paused streams cost.
  static void append(std::vector<std::uint8_t>& block, Bytes more) {
    const std::size_t needed = block.size() + more.size();
    if (needed > block.capacity()) {
      block.reserve(std::min(kBlock, std::max(needed, block.size() * 5 / 4)));
    }
    block.insert(block.end(), more.begin(), more.end());
  }

  std::unique_ptr<Blocks> blocks_;
};

}  // namespace uvspdy::session
