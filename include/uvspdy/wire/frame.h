#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"

// The frames of SPDY/3.1 as values: section 2.2 describes DATA and control frames, 2.6 each control
// frame. Integers are big-endian on the wire.

namespace uvspdy::wire {

using StreamId = std::uint32_t;

/// The version number of SPDY/3.1 on the wire (section 2.2.1).
inline constexpr std::uint16_t kVersion = 3;

/// The size of the head that every frame begins with, in bytes.
inline constexpr std::size_t kFrameHeadSize = 8;

/// The largest length of a frame, without its head: the field has 24 bits.
inline constexpr std::size_t kMaxFrameLength = 0xffffff;

/// The largest stream id: the field has 31 bits.
inline constexpr StreamId kMaxStreamId = 0x7fffffff;

/// The initial size of every window, the connection's and a stream's (section 2.6.8).
inline constexpr std::uint32_t kDefaultWindow = 64 * 1024;

/// The largest size that a window may have (section 2.6.8).
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

// Flags of one entry of a SETTINGS frame.
inline constexpr std::uint8_t kFlagPersistValue = 0x01;
inline constexpr std::uint8_t kFlagPersisted = 0x02;

/// Status codes of RST_STREAM (section 2.6.3). 0 is not a valid one.
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

/// Status codes of GOAWAY (section 2.6.6).
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
  StreamId associated_to = 0;  ///< the stream it depends on (section 2.6.1); 0: none
  std::uint8_t priority = 0;   ///< 0 (highest) to 7
  std::uint8_t slot = 0;       ///< unused in SPDY/3.1
  bool fin = false;
  bool unidirectional = false;
  Headers headers{};
};

struct SynReplyFrame {
  StreamId stream_id = 0;
  bool fin = false;
  Headers headers{};
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
  std::vector<Entry> entries{};
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
  Headers headers{};
};

struct WindowUpdateFrame {
  StreamId stream_id = 0;  ///< 0: the window of the connection
  std::uint32_t delta = 0;
};

/// A piece of a DATA frame: payload is decoded as it arrives, without waiting for the end of its
/// frame. `payload` is a view into the decoder's input.
struct DataChunk {
  StreamId stream_id = 0;
  std::uint32_t frame_length = 0;  ///< payload of the whole frame, in bytes
  bool frame_begin = false;        ///< this is the first piece of its frame
  bool frame_end = false;          ///< this is the last piece of its frame
  bool fin = false;                ///< the frame has FLAG_FIN, which takes effect at frame_end
  Bytes payload{};
};

/// A control frame of a type that SPDY/3.1 does not define; it was skipped (section 2.2.1).
struct UnknownFrame {
  std::uint16_t type = 0;
  std::uint32_t length = 0;
};

/// A SYN_STREAM, SYN_REPLY or HEADERS whose header block was decompressed to its end, so that the
/// compression state is intact, but has invalid content: a stream error (section 2.6.10).
struct InvalidHeaderBlock {
  FrameType type = FrameType::kHeaders;
  StreamId stream_id = 0;
  Error error{};
};

/// Whether the specification defines this number.
UVSPDY_EXPORT bool is_known(FrameType type);
UVSPDY_EXPORT bool is_known(RstStatus status);
UVSPDY_EXPORT bool is_known(GoAwayStatus status);
UVSPDY_EXPORT bool is_known(SettingId id);

/// The specification's name of a number, for messages; "UNKNOWN" if it has none.
UVSPDY_EXPORT std::string_view name_of(FrameType type);
UVSPDY_EXPORT std::string_view name_of(RstStatus status);
UVSPDY_EXPORT std::string_view name_of(GoAwayStatus status);
UVSPDY_EXPORT std::string_view name_of(SettingId id);

}  // namespace uvspdy::wire
