#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/export.h"

namespace uvspdy {

/// Bytes together with an owner that keeps them alive; the type of all data that is written.
///
/// A Buffer is a value of four words. Copies and slices share the bytes and never copy them; the
/// owner is freed, or its memory returned to a pool, with the last of them. `Stream::write` keeps a
/// copy until the transport has taken the bytes (with TLS: until they are encrypted) or they are
/// dropped, and frees it on the loop's thread. The bytes must not change until then. Several
/// threads may hold and drop copies, except those of a BufferPool's blocks.
class UVSPDY_EXPORT Buffer {
 public:
  Buffer() = default;

  /// Takes over a string or a vector: one allocation, the content is not copied.
  explicit Buffer(std::string text);
  explicit Buffer(std::vector<std::uint8_t> bytes);

  /// Bytes that live as long as `owner`. With a null owner they must outlive every copy of the
  /// Buffer (string literals, static tables). The thread that drops the last copy frees the owner,
  /// whose destructor must not throw.
  Buffer(Bytes bytes, std::shared_ptr<const void> owner)
      : bytes_(bytes), owner_(std::move(owner)) {}

  /// A Buffer that owns a copy of `bytes`.
  static Buffer copy_of(Bytes bytes);
  static Buffer copy_of(std::string_view text) { return copy_of(bytes_of(text)); }

  Bytes bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  /// Moves the first `count` bytes out of this Buffer into the one that is returned. If these are
  /// all, this Buffer is empty afterwards and has no owner. A `count` larger than size() ends the
  /// process, with a text on stderr.
  [[nodiscard]] Buffer take_prefix(std::size_t count);

  /// Removes the first `count` bytes, as take_prefix does.
  void drop_prefix(std::size_t count);

 private:
  Bytes bytes_;
  std::shared_ptr<const void> owner_;
};

/// Memory blocks of one size, to read into and write from, that are reused once no Buffer holds
/// them.
///
/// In the steady state of a transfer a pool allocates nothing. A pool and the Buffers made from it
/// belong to one thread; the Buffers may outlive the pool.
class UVSPDY_EXPORT BufferPool {
 public:
  /// `block_size` is in bytes. The pool keeps up to `max_blocks` blocks for reuse; further ones are
  /// allocated when needed and freed after use.
  explicit BufferPool(std::size_t block_size, std::size_t max_blocks = 8);

  /// A block to fill: `bytes` is writable until `freeze` turns it into a Buffer.
  class Block {
   public:
    Block() = default;
    MutableBytes bytes() const;
    /// The first `size` bytes, as a Buffer that owns the block. A `size` larger than the block ends
    /// the process, with a text on stderr.
    Buffer freeze(std::size_t size) &&;

   private:
    friend class BufferPool;
    explicit Block(std::shared_ptr<std::vector<std::uint8_t>> memory)
        : memory_(std::move(memory)) {}
    std::shared_ptr<std::vector<std::uint8_t>> memory_;
  };

  /// A block that no Buffer holds any more, or a new one if there is none.
  Block take();

 private:
  std::size_t block_size_;
  std::size_t max_blocks_;
  std::vector<std::shared_ptr<std::vector<std::uint8_t>>> blocks_;
  std::size_t next_ = 0;  // where the search for a free block begins
};

}  // namespace uvspdy
