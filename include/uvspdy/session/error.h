#pragma once

#include <system_error>

#include "uvspdy/export.h"

namespace uvspdy::session {

/// How streams and sessions end or refuse to do something.
enum class Errc {
  kProtocolError = 1,   ///< the peer broke the protocol; the text names the frame and the rule
  kStreamReset,         ///< the peer reset the stream; the text names the status
  kStreamRefused,       ///< the peer did not accept the stream
  kStreamClosed,        ///< the stream, or this direction of it, is closed
  kResetHere,           ///< this side reset the stream
  kConnectionClosed,    ///< this side closed the connection
  kConnectionLost,      ///< the transport ended while something was still to come
  kGoneAway,            ///< the peer's GOAWAY: the stream was not processed and is safe to retry
  kCreateTimeout,       ///< no SYN_REPLY within Options::create_timeout
  kIdleTimeout,         ///< no frame within Options::idle_timeout
  kIdsExhausted,        ///< stream ids have reached 2^31-1 (section 2.3.2)
  kNoSuchStream,        ///< an id that names no open stream
  kAlreadyReplied,      ///< a second reply, or a reply to a stream of one's own
  kLimitExceeded,       ///< a limit of uvspdy::Limits; the text names it and the value
  kFlowControl,         ///< the peer broke a rule of flow control (section 2.6.8)
  kFlowControlUnknown,  ///< a writer was blocked and the opening PING not answered in time
  kPeerDead,            ///< no answer to a PING, and nothing else, within Options::ping_timeout
  kBadSettings,         ///< settings that this side may not send (section 2.6.4)
};

/// The category of session::Errc, named "uvspdy.session".
UVSPDY_EXPORT const std::error_category& category();

inline std::error_code make_error_code(Errc code) { return {static_cast<int>(code), category()}; }

}  // namespace uvspdy::session

template <>
struct std::is_error_code_enum<uvspdy::session::Errc> : std::true_type {};
