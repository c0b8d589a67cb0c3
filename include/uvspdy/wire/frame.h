#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"

// The frames of SPDY/3.1 as values: section 2.2 for the two kinds of frames, 2.6 for the control
// frames. Integers on the wire are big-endian; here they are numbers.

namespace uvspdy::wire {

using StreamId = std::uint32_t;

/// SPDY/3.1 is version 3 on the wire (section 2.2.1).
inline constexpr std::uint16_t kVersion = 3;

/// The common head of every frame.
inline constexpr std::size_t kFrameHeadSize = 8;

/// The largest length a frame can have: 24 bits.
inline constexpr std::size_t kMaxFrameLength = 0xffffff;

/// The largest stream id, PING parity aside: 31 bits.
inline constexpr StreamId kMaxStreamId = 0x7fffffff;

/// What both kinds of windows start with: 64 KiB (section 2.6.8).
inline constexpr std::uint32_t kDefaultWindow = 64 * 1024;

/// What no window may pass (section 2.6.8).
inline constexpr std::uint32_t kMaxWindow = 0x7fffffff;

/// The lowest priority (section 2.3.3); 0 is the highest.
inline constexpr std::uint8_t kLowestPriority = 7;

enum class FrameType : std::uint16_t {
  kSynStream = 1,
  kSynReply = 2,
  kRstStream = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kHeaders = 8,
  kWindowUpdate = 9,
};

inline constexpr std::uint8_t kFlagFin = 0x01;
inline constexpr std::uint8_t kFlagUnidirectional = 0x02;
inline constexpr std::uint8_t kFlagClearSettings = 0x01;

// Flags of a SETTINGS entry.
inline constexpr std::uint8_t kFlagPersistValue = 0x01;
inline constexpr std::uint8_t kFlagPersisted = 0x02;

/// Status of an RST_STREAM (section 2.6.3). 0 is not a status.
enum class RstStatus : std::uint32_t {
  kProtocolError = 1,
  kInvalidStream = 2,
  kRefusedStream = 3,
  kUnsupportedVersion = 4,
  kCancel = 5,
  kInternalError = 6,
  kFlowControlError = 7,
  kStreamInUse = 8,
  kStreamAlreadyClosed = 9,
  kFrameTooLarge = 11,
};

/// Status of a GOAWAY (section 2.6.6).
enum class GoAwayStatus : std::uint32_t {
  kOk = 0,
  kProtocolError = 1,
  kInternalError = 2,
};

/// Ids of SETTINGS entries (section 2.6.4).
enum class SettingId : std::uint32_t {
  kUploadBandwidth = 1,
  kDownloadBandwidth = 2,
  kRoundTripTime = 3,
  kMaxConcurrentStreams = 4,
  kCurrentCwnd = 5,
  kDownloadRetransRate = 6,
  kInitialWindowSize = 7,
  kClientCertificateVectorSize = 8,
};

struct SynStreamFrame {
  StreamId stream_id = 0;
  StreamId associated_to = 0;  ///< 0: independent of other streams
  std::uint8_t priority = 0;   ///< 0 (highest) to 7
  std::uint8_t slot = 0;       ///< unused in SPDY/3.1
  bool fin = false;
  bool unidirectional = false;
  Headers headers;
};

struct SynReplyFrame {
  StreamId stream_id = 0;
  bool fin = false;
  Headers headers;
};

struct RstStreamFrame {
  StreamId stream_id = 0;
  RstStatus status = RstStatus::kProtocolError;
};

struct SettingsFrame {
  struct Entry {
    SettingId id;
    std::uint8_t flags = 0;  ///< kFlagPersistValue, kFlagPersisted
    std::uint32_t value = 0;
    bool operator==(const Entry&) const = default;
  };
  bool clear_settings = false;
  std::vector<Entry> entries;
};

struct PingFrame {
  std::uint32_t id = 0;
};

struct GoAwayFrame {
  StreamId last_good_stream_id = 0;
  GoAwayStatus status = GoAwayStatus::kOk;
};

struct HeadersFrame {
  StreamId stream_id = 0;
  bool fin = false;
  Headers headers;
};

struct WindowUpdateFrame {
  StreamId stream_id = 0;  ///< 0: the connection
  std::uint32_t delta = 0;
};

/// A piece of a DATA frame: payload is handed on as it arrives, without waiting for the frame's
/// end. `payload` is a view into the input of the decoder.
struct DataChunk {
  StreamId stream_id = 0;
  std::uint32_t frame_length = 0;  ///< of the whole frame, without its head
  bool frame_begin = false;        ///< the first piece of its frame
  bool frame_end = false;          ///< the last piece of its frame
  bool fin = false;                ///< FLAG_FIN of the frame; it takes effect at frame_end
  Bytes payload;
};

/// A control frame of a type that SPDY/3.1 does not define, skipped by its length (section 2.2.1).
struct UnknownFrame {
  std::uint16_t type = 0;
  std::uint32_t length = 0;
};

/// A SYN_STREAM, SYN_REPLY or HEADERS whose header block was inflated to its end, so that the
/// compression state is sound, but whose content breaks section 2.6.10: a stream error.
struct InvalidHeaderBlock {
  FrameType type = FrameType::kHeaders;
  StreamId stream_id = 0;
  Error error;
};

/// The specification's name of a frame type, or "UNKNOWN".
UVSPDY_EXPORT std::string_view name_of(FrameType type);

/// The specification's name of a status, or "UNKNOWN".
UVSPDY_EXPORT std::string_view name_of(RstStatus status);
UVSPDY_EXPORT std::string_view name_of(GoAwayStatus status);

}  // namespace uvspdy::wire
