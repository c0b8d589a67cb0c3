#pragma once

#include <memory>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/wire/error.h"

namespace uvspdy::wire {

/// How the header blocks that we send are compressed (section 2.6.10.1). Every peer can decompress
/// them, whatever is set here.
///
/// Compression leaks secrets through its length if an attacker can choose text that is compressed
/// together with them (CRIME). For headers with both, over TLS, set `stored`: the blocks then
/// travel uncompressed, in zlib's stored form, which every SPDY peer reads.
struct HeaderCompression {
  /// zlib's compression level, 1 (fastest) to 9 (smallest).
  int level = 6;

  /// Base-2 logarithm of zlib's window, 9 to 15. The specification suggests 11, because header
  /// blocks are small; each connection takes 2^(window_bits + 2) bytes for it.
  int window_bits = 11;

  /// zlib's memory level, 1 to 9: each connection takes 2^(memory_level + 9) bytes for it.
  int memory_level = 1;

  /// Send blocks uncompressed, whatever `level` is.
  bool stored = false;
};

/// Compresses the header blocks of one direction of a connection: a single zlib stream for all of
/// them, with the SPDY/3 dictionary and a SYNC_FLUSH after each block.
///
/// zlib's memory is allocated by the first call. After std::bad_alloc the object can only be
/// destroyed or assigned to.
class UVSPDY_EXPORT HeaderDeflater {
 public:
  explicit HeaderDeflater(HeaderCompression options = {});
  ~HeaderDeflater();
  HeaderDeflater(HeaderDeflater&&) noexcept;
  HeaderDeflater& operator=(HeaderDeflater&&) noexcept;

  /// Appends `block`, compressed to at most `max_size` bytes, to `out`.
  ///
  /// After an error, `out` and the compression state are unchanged. Errors: kBadCompression
  /// (options that zlib does not support); kFrameTooLarge (in the worst case the result would be
  /// longer than `max_size`).
  Error deflate(Bytes block, std::size_t max_size, std::vector<std::uint8_t>& out);

  /// Returns the error, if any, that `deflate` would return for a block of `block_size` bytes.
  Error check(std::size_t block_size, std::size_t max_size);

 private:
  Error open();
  std::size_t bound(std::size_t block_size) const;

  struct Stream;
  HeaderCompression options_;
  std::unique_ptr<Stream> stream_;
};

/// Decompresses the header blocks of one direction of a connection. After std::bad_alloc the object
/// can only be destroyed or assigned to.
class UVSPDY_EXPORT HeaderInflater {
 public:
  /// `max_block`: the most bytes that a block may decompress to.
  explicit HeaderInflater(std::size_t max_block);
  ~HeaderInflater();
  HeaderInflater(HeaderInflater&&) noexcept;
  HeaderInflater& operator=(HeaderInflater&&) noexcept;

  /// Decompresses one whole block, which ends with a SYNC_FLUSH. The view is valid until the next
  /// call. The result for an empty `block` is empty.
  ///
  /// Errors: kInflateFailed, kHeaderBlockTooLarge. After either, no later block of this direction
  /// can be decompressed: a session error (section 2.4.1).
  Result<Bytes> inflate(Bytes block);

 private:
  struct Stream;
  std::size_t max_block_;
  std::unique_ptr<Stream> stream_;
  std::vector<std::uint8_t> inflated_;
};

}  // namespace uvspdy::wire
