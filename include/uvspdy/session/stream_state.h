#pragma once

#include <cstdint>
#include <string_view>

#include "uvspdy/export.h"

namespace uvspdy::session {

/// Where a stream stands (sections 2.3.2 to 2.3.7). Which frame leads from one state to another,
/// and what a frame out of place is answered with, is the table in docs/stream-states.md.
enum class StreamState : std::uint8_t {
  kIdle,                ///< not on the wire yet
  kReserved,            ///< its SYN_STREAM has gone or come, its SYN_REPLY has not
  kReservedHalfClosed,  ///< likewise, and its creator sends nothing more
  kOpen,                ///< both sides may send
  kHalfClosedLocal,     ///< our FLAG_FIN has gone
  kHalfClosedRemote,    ///< the peer's FLAG_FIN has come
  kClosed,              ///< both have, or the stream was reset
};

/// The state in words, such as "half-closed local".
UVSPDY_EXPORT std::string_view name_of(StreamState state);

}  // namespace uvspdy::session
