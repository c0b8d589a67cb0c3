#pragma once

#include <functional>

#include "uvspdy/buffer.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// Writes a whole buffer to a transport that must outlive the write (closing it ends the write
/// without calling the handler).
inline void write_all(net::Transport& transport, Buffer buffer,
                      std::function<void(const Error&)> handler) {
  const Bytes bytes = buffer.bytes();
  transport.write(std::span(&bytes, 1),
                  [&transport, buffer = std::move(buffer),
                   handler = std::move(handler)](Result<std::size_t> result) mutable {
                    if (!result) return handler(result.error());
                    (void)buffer.take_prefix(*result);
                    if (buffer.empty()) return handler({});
                    write_all(transport, std::move(buffer), std::move(handler));
                  });
}

}  // namespace uvspdy::httpstream
