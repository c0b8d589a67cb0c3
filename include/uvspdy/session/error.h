#pragma once

#include <system_error>

#include "uvspdy/export.h"

namespace uvspdy::session {

/// Why a stream or a session has ended, or a call of it was refused.
enum class Errc {
  kProtocolError = 1,   ///< the peer broke the protocol; the text names the frame and its fault
  kStreamReset,         ///< the peer reset the stream; the text names the status
  kStreamRefused,       ///< the peer did not accept the stream
  kStreamClosed,        ///< the stream, or our direction of it, has already ended
  kResetHere,           ///< this side reset the stream
  kConnectionClosed,    ///< this side closed the connection, or is shutting it down
  kConnectionLost,      ///< the transport ended while streams were open
  kGoneAway,            ///< the peer sent GOAWAY and has not processed the stream: safe to retry
  kCreateTimeout,       ///< no SYN_REPLY within Options::create_timeout
  kIdleTimeout,         ///< no frame within Options::idle_timeout
  kIdsExhausted,        ///< stream ids have reached 2^31-1 (section 2.3.2)
  kNoSuchStream,        ///< an id that names no open stream
  kAlreadyReplied,      ///< a second reply, or a reply to a stream created here
  kLimitExceeded,       ///< a limit of uvspdy::Limits was reached; the text names it and its value
  kFlowControl,         ///< the peer broke a rule of flow control (section 2.6.8)
  kFlowControlUnknown,  ///< a writer was blocked, and the opening PING not answered in
                        ///< Options::flow_control_timeout
  kPeerDead,  ///< a PING was not answered within Options::ping_timeout, nor anything else received
  kBadSettings,  ///< SETTINGS that this side may not send (section 2.6.4)
};

/// The category of session::Errc, named "uvspdy.session".
UVSPDY_EXPORT const std::error_category& category();

inline std::error_code make_error_code(Errc code) { return {static_cast<int>(code), category()}; }

}  // namespace uvspdy::session

template <>
struct std::is_error_code_enum<uvspdy::session::Errc> : std::true_type {};
