#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "uvspdy/bytes.h"

namespace uvspdy::httpstream {

/// Decodes a chunked body (RFC 9112, section 7.1) from input that may be cut anywhere.
class ChunkedBody {
 public:
  /// Appends what `input` brings to `body`, up to `limit` bytes of it in all. Returns whether the
  /// body is over: by its last chunk, at the limit, or where it is malformed.
  bool take(Bytes input, std::string& body, std::size_t limit);

  /// Whether its last chunk has come.
  bool complete() const { return complete_; }

 private:
  enum class Part { kSize, kData, kDataEnd };

  bool read_size();

  Part part_ = Part::kSize;
  std::string line_;
  std::uint64_t left_ = 0;  // of the chunk
  bool complete_ = false;
};

}  // namespace uvspdy::httpstream
