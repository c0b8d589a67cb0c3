#pragma once

#include <cstdint>

namespace uvspdy::httpstream {

/// The state of one direction of a stream.
enum class HalfState : std::uint8_t {
  kOpen,    ///< bytes may flow
  kEnded,   ///< ended in order: FLAG_FIN, after all bytes
  kBroken,  ///< ended by a reset or with the connection, or a half of no stream; error() gives the
            ///< error of on_end or on_sent, or session::Errc::kStreamClosed for a half of no stream
};

}  // namespace uvspdy::httpstream
