#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "uvspdy/bytes.h"

namespace uvspdy::httpstream {

/// Decodes a chunked body (RFC 9112, section 7.1) from input that may be cut anywhere.
class ChunkedBody {
 public:
  enum class State {
    kOpen,      ///< more is to come
    kComplete,  ///< its last chunk has come
    kTooLong,   ///< it has more bytes than the limit
    kMalformed,
  };

  /// Appends the bytes of the body in `input` to `body`, up to `limit` bytes in all. Not to be
  /// called again once the state is not kOpen.
  State take(Bytes input, std::string& body, std::size_t limit);

  State state() const { return state_; }

 private:
  enum class Part { kSize, kData, kDataEnd };

  bool read_size();

  State state_ = State::kOpen;
  Part part_ = Part::kSize;
  std::string line_;
  std::uint64_t left_ = 0;  // of the chunk
  std::size_t extensions_ = 0;
};

}  // namespace uvspdy::httpstream
