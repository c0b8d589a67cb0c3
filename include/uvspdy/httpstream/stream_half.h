#pragma once

#include <cstdint>

namespace uvspdy::httpstream {

/// How one direction of a stream stands.
enum class HalfState : std::uint8_t {
  kOpen,    ///< bytes may flow
  kEnded,   ///< over, in order: FLAG_FIN, behind all bytes
  kBroken,  ///< over by a reset, or with the connection; or a half of no stream. error() says why:
            ///< what on_end or on_sent got, or session::Errc::kStreamClosed for a half of no stream
};

}  // namespace uvspdy::httpstream
