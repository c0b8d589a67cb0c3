#pragma once

#include <system_error>

#include "uvspdy/export.h"

namespace uvspdy::wire {

/// Errors of decoding received bytes, or of encoding frames.
enum class Errc {
  kUnsupportedVersion = 1,  ///< a control frame whose version is not 3
  kBadLength,               ///< a length that this type of frame cannot have
  kFrameTooLarge,        ///< longer than Limits::control_frame_length, or than 2^24-1 when encoding
  kZeroStreamId,         ///< stream id 0 in a frame that needs a stream
  kBadStatus,            ///< RST_STREAM with status 0
  kTooManySettings,      ///< more entries than Limits::settings_entries
  kInflateFailed,        ///< a compressed header block that zlib refuses, or that is cut off
  kHeaderBlockTooLarge,  ///< longer than Limits::inflated_header_block
  kTooManyHeaders,       ///< more fields than Limits::headers_per_block
  kMalformedHeaderBlock,  ///< a count or a length that reaches past the header block
  kBadHeaderName,         ///< an empty header name, or one with characters that are not allowed
  kDuplicateHeader,       ///< the same header name twice in a block
  kBadHeaderValue,        ///< an empty value among several of one name, or NUL inside a value
  kForbiddenHeader,       ///< a header that may not be sent over SPDY (section 3.2.1)
  kBadCompression,        ///< a HeaderCompression that zlib does not support
};

/// The category of wire::Errc, named "uvspdy.wire".
UVSPDY_EXPORT const std::error_category& category();

inline std::error_code make_error_code(Errc code) { return {static_cast<int>(code), category()}; }

}  // namespace uvspdy::wire

template <>
struct std::is_error_code_enum<uvspdy::wire::Errc> : std::true_type {};
