#pragma once

#include <string>

#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// A stream as error texts name it.
inline std::string stream_text(wire::StreamId id) { return "stream " + std::to_string(id); }

}  // namespace uvspdy::session
