#pragma once

#include "uvspdy/session/trace.h"
#include "uvspdy/wire/frame_decoder.h"

namespace uvspdy::session {

/// The trace of a received frame, without its flags and length, which only the decoder knows.
/// `headers` points into `decoded`.
FrameTrace trace_of(const wire::Decoded& decoded);

}  // namespace uvspdy::session
