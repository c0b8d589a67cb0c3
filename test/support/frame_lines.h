#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/limits.h"
#include "uvspdy/wire/frame_decoder.h"

// Frames as lines of text, so that a test says what is on the wire in the words of the
// specification:
//
//     SYN_STREAM 1 {streamtype: stdout} priority 3 FIN
//     DATA 1 'hello' FIN
//     RST_STREAM 1 CANCEL

namespace uvspdy::test {

using Lines = std::vector<std::string>;

/// Decodes one direction of a connection, cut anywhere, into one line a frame. DATA frames are
/// put together again; an undecodable frame is a line too.
class FrameReader {
 public:
  explicit FrameReader(const Limits& limits = {}) : decoder_(limits) {}

  Lines read(Bytes bytes);

  /// All DATA of a stream so far.
  const std::string& payload(wire::StreamId id) { return payloads_[id]; }

 private:
  wire::FrameDecoder decoder_;
  std::map<wire::StreamId, std::string> payloads_;
  std::vector<std::uint8_t> payload_;  // of a DATA frame that is not whole yet
};

}  // namespace uvspdy::test
