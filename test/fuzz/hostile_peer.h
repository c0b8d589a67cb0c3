#pragma once

#include <cstdint>
#include <vector>

#include "fuzz_input.h"
#include "uvspdy/headers.h"
#include "uvspdy/session/options.h"
#include "uvspdy/wire/frame_encoder.h"

namespace uvspdy::fuzz {

/// Headers for a test of either side: plain ones, large ones, and some that must not be sent.
Headers headers_from(FuzzInput& input);

/// One of the frames that a peer may send, well-formed in its outside, made of the fuzzer's
/// choices: random bytes hardly ever come to a second header block, and none to the answer of a
/// PING.
class HostilePeer {
 public:
  explicit HostilePeer(session::Role its_role);

  enum class Frame {
    kSynStream,
    kSynReply,
    kData,
    kRstStream,
    kSettings,
    kPing,
    kGoAway,
    kHeaders,
    kWindowUpdate,
    kBadHeaderBlock,
  };

  /// Appends one frame to `out`. `stream` is the one that the frame is about, unless it is for a
  /// new stream.
  void append(Frame frame, wire::StreamId stream, FuzzInput& input, std::vector<std::uint8_t>& out);

  /// Appends a SYN_STREAM with these headers, and returns its id.
  wire::StreamId append_syn_stream(const Headers& headers, FuzzInput& input,
                                   std::vector<std::uint8_t>& out);

 private:
  wire::StreamId new_id(FuzzInput& input);
  void append_syn_stream(std::uint8_t flags, wire::StreamId id, wire::StreamId associated,
                         Headers headers, std::vector<std::uint8_t>& out);
  template <class F>
  void append_with_headers(const F& frame, std::vector<std::uint8_t>& out);
  void append_data(wire::StreamId stream, FuzzInput& input, std::vector<std::uint8_t>& out);
  void append_settings(FuzzInput& input, std::vector<std::uint8_t>& out);
  void append_bad_block(wire::StreamId stream, FuzzInput& input, std::vector<std::uint8_t>& out);

  wire::FrameEncoder encoder_;
  wire::StreamId next_id_;
  std::uint32_t next_ping_;
};

}  // namespace uvspdy::fuzz
