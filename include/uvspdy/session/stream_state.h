#pragma once

#include <cstdint>
#include <string_view>

#include "uvspdy/export.h"

namespace uvspdy::session {

/// The state of a stream on the wire (sections 2.3.2 to 2.3.7). The table in docs/stream-states.md
/// says which frame leads from one state to another, and how a misplaced frame is answered.
enum class StreamState : std::uint8_t {
  kIdle,                ///< no SYN_STREAM has been sent or received
  kReserved,            ///< SYN_STREAM sent or received, but no SYN_REPLY yet
  kReservedHalfClosed,  ///< reserved, and its creator has sent FLAG_FIN
  kOpen,                ///< both sides may send
  kHalfClosedLocal,     ///< we have sent FLAG_FIN
  kHalfClosedRemote,    ///< the peer has sent FLAG_FIN
  kClosed,              ///< both sides have sent FLAG_FIN, or the stream was reset
};

/// The name of a state, such as "half-closed local".
UVSPDY_EXPORT std::string_view name_of(StreamState state);

}  // namespace uvspdy::session
