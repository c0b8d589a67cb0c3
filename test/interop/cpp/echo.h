#pragma once

#include "uvspdy/httpstream/stream.h"

namespace uvspdy::interop {

/// Sends back what comes in on a stream, and its end. While the peer does not take the echo the
/// stream is not read, so it costs no more than its limits. A stream lives until its handlers are
/// freed: they may refer to it.
inline void echo(httpstream::Stream& stream) {
  stream.on_data([&stream](Bytes bytes) {
    if (stream.write(Buffer::copy_of(bytes))) return;  // it is over: on_close follows
    if (!stream.writable()) stream.pause();
  });
  stream.on_writable([&stream] { stream.resume(); });
  stream.on_end([&stream](const Error&) { (void)stream.close(); });
}

}  // namespace uvspdy::interop
