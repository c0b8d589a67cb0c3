#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/export.h"

namespace uvspdy {

/// Bytes together with whatever keeps them alive: what writers hand to uvspdy.
///
/// A Buffer is a value of four words. Copies and slices share the bytes and never copy them; the
/// memory is freed, or given back to its pool, when the last copy goes. The copy that
/// `Stream::write` takes goes once the transport has the bytes (by TLS: once they are encrypted),
/// or they are given up, on the loop's thread. The bytes must not change meanwhile. Copies may be
/// held and dropped by several threads, but for those of a BufferPool's blocks.
class UVSPDY_EXPORT Buffer {
 public:
  Buffer() = default;

  /// Takes over a string or a vector: one allocation, no copy of the content.
  explicit Buffer(std::string text);
  explicit Buffer(std::vector<std::uint8_t> bytes);

  /// Bytes of somebody else's that live as long as `owner`. With a null owner they must outlive
  /// every copy of the Buffer (string literals, static tables). The owner is freed by the thread
  /// that drops the last copy; its destructor must not throw.
  Buffer(Bytes bytes, std::shared_ptr<const void> owner)
      : bytes_(bytes), owner_(std::move(owner)) {}

  /// A Buffer with bytes of its own, copied from `bytes`.
  static Buffer copy_of(Bytes bytes);
  static Buffer copy_of(std::string_view text) { return copy_of(bytes_of(text)); }

  Bytes bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  /// The first `count` bytes as a Buffer of its own, and this one without them. With all of them
  /// taken this one is empty and holds nothing. A `count` past size() ends the process, with a text
  /// on stderr.
  [[nodiscard]] Buffer take_prefix(std::size_t count);

  /// The same where nobody wants what is taken.
  void drop_prefix(std::size_t count);

 private:
  Bytes bytes_;
  std::shared_ptr<const void> owner_;
};

/// Blocks of one size for reading into and writing from, used again once nobody holds them.
///
/// In the steady state of a transfer a pool allocates nothing. It belongs to one thread, and so do
/// the Buffers made from it, which may outlive it.
class UVSPDY_EXPORT BufferPool {
 public:
  /// `block_size` bytes a block; `max_blocks` of them are kept and used again, further ones
  /// are made when needed and freed after use.
  explicit BufferPool(std::size_t block_size, std::size_t max_blocks = 8);

  /// One block to fill: `bytes` is writable until `freeze` made a Buffer of it.
  class Block {
   public:
    Block() = default;
    MutableBytes bytes() const;
    /// The first `size` bytes as a Buffer that holds the block. More than the block has ends the
    /// process, with a text on stderr.
    Buffer freeze(std::size_t size) &&;

   private:
    friend class BufferPool;
    explicit Block(std::shared_ptr<std::vector<std::uint8_t>> memory)
        : memory_(std::move(memory)) {}
    std::shared_ptr<std::vector<std::uint8_t>> memory_;
  };

  /// A block of `block_size` bytes: one that nobody holds any more, else a new one.
  Block take();

 private:
  std::size_t block_size_;
  std::size_t max_blocks_;
  std::vector<std::shared_ptr<std::vector<std::uint8_t>>> blocks_;
  std::size_t next_ = 0;  // where the search for a free block begins
};

}  // namespace uvspdy
