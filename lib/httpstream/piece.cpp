#include "uvspdy/httpstream/piece.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/contract.h"

namespace uvspdy::httpstream {
namespace {

// Fewer bytes are copied into memory of their own size, so that a slow receiver does not keep a
// whole block for each line.
constexpr std::size_t kWorthABlock = 16 * 1024;

}  // namespace

Buffer Piece::keep(std::size_t start, BufferPool* pool) const {
  if (start > size()) {
    contract_broken("Piece::keep: the bytes from " + std::to_string(start) +
                    " on are asked for, there are " + std::to_string(size()));
  }
  const Bytes rest = bytes_.subspan(start);
  if (!owner_.empty()) {
    Buffer shared = owner_;
    shared.drop_prefix(start);
    return shared;
  }
  if (pool == nullptr || rest.size() < kWorthABlock) return Buffer::copy_of(rest);
  BufferPool::Block block = pool->take();
  if (block.bytes().size() < rest.size()) return Buffer::copy_of(rest);
  std::copy(rest.begin(), rest.end(), block.bytes().begin());
  return std::move(block).freeze(rest.size());
}

}  // namespace uvspdy::httpstream
