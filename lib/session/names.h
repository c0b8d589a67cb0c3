#pragma once

#include <string>

#include "uvspdy/error.h"
#include "uvspdy/session/error.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// The name of a stream in error texts.
inline std::string stream_text(wire::StreamId id) { return "stream " + std::to_string(id); }

/// The error of a stream that this side has reset.
inline Error reset_here(wire::StreamId id, wire::RstStatus status) {
  return Error(Errc::kResetHere, stream_text(id) + " was reset on this side with " +
                                     std::string(wire::name_of(status)));
}

}  // namespace uvspdy::session
