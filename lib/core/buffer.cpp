#include "uvspdy/buffer.h"

#include <string>
#include <utility>

#include "core/contract.h"

namespace uvspdy {
namespace {

void require_enough(const char* function, std::size_t asked_for, std::size_t there) {
  if (asked_for <= there) return;
  contract_broken(std::string(function) + ": " + std::to_string(asked_for) +
                  " bytes are asked for, there are " + std::to_string(there));
}

}  // namespace

Buffer::Buffer(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  bytes_ = bytes_of(*owner);
  owner_ = std::move(owner);
}

Buffer::Buffer(std::vector<std::uint8_t> bytes) {
  auto owner = std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
  bytes_ = *owner;
  owner_ = std::move(owner);
}

Buffer Buffer::copy_of(Bytes bytes) {
  return Buffer(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
}

Buffer Buffer::take_prefix(std::size_t count) {
  require_enough("Buffer::take_prefix", count, size());
  if (count == size()) return std::exchange(*this, Buffer());
  Buffer prefix(bytes_.first(count), owner_);
  bytes_ = bytes_.subspan(count);
  return prefix;
}

void Buffer::drop_prefix(std::size_t count) {
  require_enough("Buffer::drop_prefix", count, size());
  // The owner is freed last, because its destructor may call anything.
  if (count == size()) {
    const Buffer dropped = std::exchange(*this, Buffer());
  } else {
    bytes_ = bytes_.subspan(count);
  }
}

BufferPool::BufferPool(std::size_t block_size, std::size_t max_blocks)
    : block_size_(block_size), max_blocks_(max_blocks) {}

MutableBytes BufferPool::Block::bytes() const {
  return memory_ ? MutableBytes(*memory_) : MutableBytes();
}

Buffer BufferPool::Block::freeze(std::size_t size) && {
  const Bytes all = bytes();
  require_enough("BufferPool::Block::freeze", size, all.size());
  return Buffer(all.first(size), std::move(memory_));
}

BufferPool::Block BufferPool::take() {
  // Blocks mostly come back in the order in which they were taken, so the search begins with the
  // one taken first; a block that only the pool holds is free.
  for (std::size_t tried = 0; tried < blocks_.size(); ++tried) {
    const std::shared_ptr<std::vector<std::uint8_t>>& memory = blocks_[next_];
    next_ = (next_ + 1) % blocks_.size();
    if (memory.use_count() == 1) return Block(memory);
  }
  auto memory = std::make_shared<std::vector<std::uint8_t>>(block_size_);
  if (blocks_.size() < max_blocks_) blocks_.push_back(memory);
  return Block(std::move(memory));
}

}  // namespace uvspdy
