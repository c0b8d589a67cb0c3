#pragma once

#include "uvspdy/session/trace.h"
#include "uvspdy/wire/frame_decoder.h"

namespace uvspdy::session {

/// What a trace says of an incoming frame, all but its flags and length, which the decoder knows.
/// `headers` points into `decoded`.
FrameTrace trace_of(const wire::Decoded& decoded);

}  // namespace uvspdy::session
