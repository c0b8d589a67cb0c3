#pragma once

#include <cstdint>

namespace uvspdy::httpstream {

/// How one direction of a stream stands.
enum class HalfState : std::uint8_t {
  kOpen,    ///< bytes may flow
  kEnded,   ///< over, in order: FLAG_FIN, behind all bytes
  kBroken,  ///< over by a reset, with the connection, or because nobody holds the stream: see
            ///< error()
};

}  // namespace uvspdy::httpstream
