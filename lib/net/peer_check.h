#pragma once

#include <chrono>
#include <optional>

namespace uvspdy::net {

/// What the system knows of a connected socket's peer, without reading or writing.
///
/// A connection that the kernel has given up, or that was reset, says so by itself. Besides, a peer
/// is gone when the kernel has asked it again and again (it has sent data anew, or probed a window
/// that is closed) and nothing has come back for `kSilenceLimit`. A peer that is alive and takes
/// nothing answers each of these probes, which come every two minutes at least. TCP_USER_TIMEOUT
/// would not do: it also ends connections whose peer answers, but keeps its window closed that
/// long.
class PeerCheck {
 public:
  /// A few probes in a row may be lost; the kernel itself gives up after a quarter of an hour.
  static constexpr std::chrono::milliseconds kSilenceLimit{std::chrono::minutes(10)};

  /// 0, or the libuv error that reading or writing would find: UV_ECONNRESET, UV_ETIMEDOUT,
  /// UV_EPIPE. It takes the socket's own error away from nobody. `shut_down`: whether our sending
  /// side has ended. The silence is measured from the first call that finds the kernel asking.
  int status(int socket, bool shut_down, std::chrono::milliseconds silence_limit = kSilenceLimit);

 private:
  std::optional<std::chrono::steady_clock::time_point> asking_since_;
};

}  // namespace uvspdy::net
