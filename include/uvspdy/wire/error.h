#pragma once

#include <system_error>

#include "uvspdy/export.h"

namespace uvspdy::wire {

/// What can be wrong with bytes on the wire, or with what is to become bytes.
enum class Errc {
  kUnsupportedVersion = 1,  ///< a control frame whose version is not 3
  kBadLength,               ///< a length that this frame type cannot have
  kFrameTooLarge,           ///< past Limits::control_frame_length, or past 2^24-1 when encoding
  kZeroStreamId,            ///< stream 0 where a stream must be named
  kBadStatus,               ///< RST_STREAM with status 0
  kTooManySettings,         ///< past Limits::settings_entries
  kInflateFailed,           ///< a header block that zlib refuses or that ends too early
  kHeaderBlockTooLarge,     ///< past Limits::inflated_header_block
  kTooManyHeaders,          ///< past Limits::headers_per_block
  kMalformedHeaderBlock,    ///< counts and lengths that do not fit the block
  kBadHeaderName,           ///< an empty name, or one with letters that are not allowed
  kDuplicateHeader,         ///< one name twice in a block
  kBadHeaderValue,          ///< an empty value in a list, or NUL at an end
  kForbiddenHeader,         ///< a header that must not be sent over SPDY (section 3.2.1)
  kBadCompression,          ///< HeaderCompression outside zlib's ranges
};

/// The category of wire::Errc, named "uvspdy.wire".
UVSPDY_EXPORT const std::error_category& category();

inline std::error_code make_error_code(Errc code) { return {static_cast<int>(code), category()}; }

}  // namespace uvspdy::wire

template <>
struct std::is_error_code_enum<uvspdy::wire::Errc> : std::true_type {};
