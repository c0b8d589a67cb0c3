#pragma once

#include "uvspdy/buffer.h"
#include "uvspdy/bytes.h"
#include "uvspdy/export.h"

namespace uvspdy::httpstream {

/// Bytes on their way from a Source to a Sink: borrowed for the call that hands them over, or
/// owned. A sink that writes at once uses `bytes`; one that must keep them calls `keep`.
class UVSPDY_EXPORT Piece {
 public:
  /// Borrows bytes, which must stay valid during the call that gets the Piece.
  explicit Piece(Bytes borrowed) : bytes_(borrowed) {}

  /// Owns the bytes.
  explicit Piece(Buffer owned) : bytes_(owned.bytes()), owner_(std::move(owned)) {}

  Bytes bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }

  /// The bytes from `start` on as a Buffer, which may outlive the call: shared if they are owned,
  /// else copied. A copy of at least 16 KiB goes into a block of `pool`, if there is one and its
  /// blocks are large enough. A `start` past size() ends the process with a text.
  Buffer keep(std::size_t start = 0, BufferPool* pool = nullptr) const;

 private:
  Bytes bytes_;
  Buffer owner_;
};

}  // namespace uvspdy::httpstream
