#pragma once

#include "uvspdy/httpstream/pump.h"
#include "uvspdy/httpstream/stream.h"

namespace uvspdy::interop {

/// Sends back what comes in on a stream, and its end. While the peer does not take the echo the
/// stream is not read, so it costs no more than its limits.
inline void echo(httpstream::Stream& stream) {
  httpstream::Pump::start(httpstream::source_of(stream.take_reader()),
                          httpstream::sink_of(stream.take_writer()), {});
}

}  // namespace uvspdy::interop
