#pragma once

#include <algorithm>
#include <span>
#include <utility>

#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// Writes a whole buffer in pieces, and calls `on_progress` (may be empty) after each. The
/// transport must outlive the write; closing it ends the write without a call of the handler.
inline void write_all(net::Transport& transport, Buffer buffer,
                      OnceCallback<void(const Error&)> handler, Callback<void()> on_progress = {}) {
  constexpr std::size_t kPiece = 256 * 1024;
  const Bytes bytes = buffer.bytes().first(std::min(buffer.size(), kPiece));
  transport.write(std::span(&bytes, 1),
                  [&transport, buffer = std::move(buffer), handler = std::move(handler),
                   on_progress = std::move(on_progress)](Result<std::size_t> result) mutable {
                    if (!result) return handler(result.error());
                    buffer.drop_prefix(*result);
                    if (buffer.empty()) return handler({});
                    on_progress();
                    write_all(transport, std::move(buffer), std::move(handler),
                              std::move(on_progress));
                  });
}

}  // namespace uvspdy::httpstream
