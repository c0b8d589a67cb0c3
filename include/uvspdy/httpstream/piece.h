#pragma once

#include "uvspdy/buffer.h"
#include "uvspdy/bytes.h"
#include "uvspdy/export.h"

namespace uvspdy::httpstream {

/// Some bytes on their way from a Source to a Sink: borrowed for the call that hands them over, or
/// owned. A sink that can write at once looks at them; one that must keep them makes a Buffer.
class UVSPDY_EXPORT Piece {
 public:
  /// Bytes that are valid during the call.
  explicit Piece(Bytes borrowed) : bytes_(borrowed) {}

  /// Bytes with their owner.
  explicit Piece(Buffer owned) : bytes_(owned.bytes()), owner_(std::move(owned)) {}

  Bytes bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }

  /// The bytes from `start` on as a Buffer that may be kept: shared if they are owned, else copied,
  /// into a block of `pool` if there is one and they are worth a block. A `start` of more
  /// than size() ends the process with a text.
  Buffer keep(std::size_t start = 0, BufferPool* pool = nullptr) const;

 private:
  Bytes bytes_;
  Buffer owner_;
};

}  // namespace uvspdy::httpstream
