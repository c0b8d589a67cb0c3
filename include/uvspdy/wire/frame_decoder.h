#pragma once

#include <cstdint>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/limits.h"
#include "uvspdy/wire/error.h"
#include "uvspdy/wire/frame.h"
#include "uvspdy/wire/header_compression.h"

namespace uvspdy::wire {

/// All input is used up: the next frame, or the rest of the current one, needs more.
struct NeedMoreInput {};

/// The result of one step of the decoder.
using Decoded = std::variant<NeedMoreInput, DataChunk, SynStreamFrame, SynReplyFrame,
                             RstStreamFrame, SettingsFrame, PingFrame, GoAwayFrame, HeadersFrame,
                             WindowUpdateFrame, UnknownFrame, InvalidHeaderBlock>;

/// Decodes the bytes of one direction of a connection into frames.
///
/// The input may be cut anywhere, down to single bytes. DATA payload is returned piece by piece, as
/// views into the input; a control frame is returned whole, and copied only if the input cuts it.
/// Memory stays below Limits::control_frame_length plus Limits::inflated_header_block plus zlib's
/// 40 KiB, and grows only with bytes that have arrived. From docs/examples/frames.cpp:
///
///     Error print_frames(FrameDecoder& decoder, Bytes input) {
///       while (!input.empty()) {
///         const Result<Decoded> decoded = decoder.next(input);
///         if (!decoded) return decoded.error();
///         std::visit(Printer(), *decoded);
///       }
///       return {};
///     }
class UVSPDY_EXPORT FrameDecoder {
 public:
  explicit FrameDecoder(const Limits& limits = {});

  /// Decodes one piece of DATA or one control frame from the front of `input`, removes its bytes
  /// from `input` and returns it.
  ///
  /// Every error is a session error (section 2.4.1): kUnsupportedVersion, kBadLength,
  /// kFrameTooLarge, kZeroStreamId, kBadStatus, kTooManySettings, kInflateFailed,
  /// kHeaderBlockTooLarge. The text names the frame. After an error the decoder takes no more input
  /// and returns the same error again.
  Result<Decoded> next(Bytes& input);

  /// Length and flags of the frame that the last call of `next` returned, whole or a piece of it.
  std::uint32_t frame_length() const { return head_.length; }
  std::uint8_t frame_flags() const { return head_.flags; }

  /// Bytes that the header block of that frame had when inflated; 0 without one.
  std::size_t inflated_size() const { return inflated_size_; }

  /// Whether the input so far ends inside a frame. At the end of a connection: data is missing.
  bool inside_frame() const { return state_ != State::kHead || head_size_ != 0; }

 private:
  enum class State { kHead, kData, kControl, kSkip, kFailed };

  struct Head {
    bool control = false;
    std::uint16_t version = 0;
    std::uint16_t type = 0;
    StreamId stream_id = 0;
    std::uint8_t flags = 0;
    std::uint32_t length = 0;
  };

  bool take_head(Bytes& input);
  Error check_head() const;
  DataChunk take_data(Bytes& input);
  Result<Decoded> take_control(Bytes& input);
  Result<Decoded> parse_control(Bytes body);
  Result<Decoded> parse_settings(Bytes body) const;
  template <class Frame>
  Result<Decoded> with_headers(Frame frame, Bytes block);
  Error fail(std::error_code code, const std::string& what);

  Limits limits_;
  HeaderInflater inflater_;
  State state_ = State::kHead;
  std::uint8_t head_bytes_[kFrameHeadSize] = {};
  std::size_t head_size_ = 0;
  Head head_;
  std::size_t inflated_size_ = 0;
  std::size_t remaining_ = 0;            // bytes of the current frame still to come
  bool data_begun_ = false;              // a piece of the current DATA frame was returned
  std::vector<std::uint8_t> collected_;  // the part so far of a control frame that was cut
  Error error_;
};

}  // namespace uvspdy::wire
