#pragma once

#include <memory>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/wire/error.h"

namespace uvspdy::wire {

/// How header blocks are compressed on the way out (section 2.6.10.1). The peer's inflater takes
/// any of these.
///
/// Compressing secrets together with text that an attacker chooses leaks the secrets through the
/// length (CRIME). Over TLS, with headers that carry both, set `stored`: the blocks then travel
/// uncompressed, in zlib's stored form, which every SPDY peer reads.
struct HeaderCompression {
  /// zlib's level, 1 (fast) to 9 (small).
  int level = 6;

  /// Base-2 logarithm of zlib's window, 9 to 15. The specification suggests 11: header blocks are
  /// small and the memory is paid per connection: 2^(window_bits + 2) bytes.
  int window_bits = 11;

  /// zlib's memory level, 1 to 9: 2^(memory_level + 9) bytes per connection.
  int memory_level = 1;

  /// No compression at all, whatever `level` says.
  bool stored = false;
};

/// The compressing side of one direction of a connection: one zlib stream for all its blocks,
/// primed with the SPDY/3 dictionary, with a SYNC_FLUSH after each block.
///
/// zlib's memory is taken with the first block.
class UVSPDY_EXPORT HeaderDeflater {
 public:
  explicit HeaderDeflater(HeaderCompression options = {});
  ~HeaderDeflater();
  HeaderDeflater(HeaderDeflater&&) noexcept;
  HeaderDeflater& operator=(HeaderDeflater&&) noexcept;

  /// Appends the compressed form of `block`, at most `max_size` bytes, to `out`.
  ///
  /// Errors, with nothing appended and the compression state as it was: kBadCompression when the
  /// options are outside zlib's ranges; kFrameTooLarge when the block could take more than
  /// `max_size` at its worst.
  Error deflate(Bytes block, std::size_t max_size, std::vector<std::uint8_t>& out);

  /// Whether `deflate` would take a block of that size: the same errors.
  Error check(std::size_t block_size, std::size_t max_size);

 private:
  Error open();
  std::size_t bound(std::size_t block_size) const;

  struct Stream;
  HeaderCompression options_;
  std::unique_ptr<Stream> stream_;
};

/// The other side: inflates what one direction of a connection brings.
class UVSPDY_EXPORT HeaderInflater {
 public:
  /// `max_block` is the most bytes that one block may inflate to.
  explicit HeaderInflater(std::size_t max_block);
  ~HeaderInflater();
  HeaderInflater(HeaderInflater&&) noexcept;
  HeaderInflater& operator=(HeaderInflater&&) noexcept;

  /// Inflates one whole block, which ends with a SYNC_FLUSH. The view is valid until the next
  /// call. An empty `block` gives an empty view.
  ///
  /// Errors: kInflateFailed, kHeaderBlockTooLarge. Both leave this direction of the connection
  /// without a usable compression state: a session error (section 2.4.1).
  Result<Bytes> inflate(Bytes block);

 private:
  struct Stream;
  std::size_t max_block_;
  std::unique_ptr<Stream> stream_;
  std::vector<std::uint8_t> inflated_;
};

}  // namespace uvspdy::wire
