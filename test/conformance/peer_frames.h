#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "conformance/case_words.h"
#include "uvspdy/wire/header_compression.h"

namespace uvspdy::test {

/// What the peer of a case sends, from text to bytes, right or wrong: FrameEncoder would refuse
/// what a case is about. One compression state for all of it.
class PeerFrames {
 public:
  explicit PeerFrames(wire::HeaderCompression compression = {}) : deflater_(compression) {}

  /// One frame in the words of FrameReader's lines, or "bytes" and hex digits. Instead of the
  /// headers there may stand "block" and the hex digits of a header block before compression, or
  /// "raw" and those of one after it. "length N" at the end is what the frame's length field must
  /// come to. Throws CaseError.
  std::vector<std::uint8_t> bytes(std::string_view text);

 private:
  std::vector<std::uint8_t> with_headers(wire::FrameType type, CaseWords& words);

  wire::HeaderDeflater deflater_;
};

}  // namespace uvspdy::test
