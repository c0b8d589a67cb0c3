#pragma once

#include <chrono>
#include <optional>

namespace uvspdy::net {

/// The state of a connected socket as the system knows it, without reading or writing.
///
/// A connection that was reset, or that the kernel has given up, is reported as such. Besides, a
/// peer is gone when the kernel has sent it data again and again, or probes of a closed window, and
/// nothing has come back for `kSilenceLimit`. A peer that is alive and reads nothing answers each
/// of these probes, which are sent every two minutes at least. TCP_USER_TIMEOUT would not do: it
/// also ends the connection to a peer that answers but keeps its window closed for that long.
class PeerCheck {
 public:
  /// Some probes in a row may be lost; the kernel itself gives up after a quarter of an hour.
  static constexpr std::chrono::milliseconds kSilenceLimit{std::chrono::minutes(10)};

  /// 0, or the libuv error that reading or writing would report: UV_ECONNRESET, UV_ETIMEDOUT,
  /// UV_EPIPE. Does not consume the socket's error. `shut_down`: whether our sending side has
  /// ended. Silence is measured from the first call that finds the kernel sending again or probing.
  int status(int socket, bool shut_down, std::chrono::milliseconds silence_limit = kSilenceLimit);

 private:
  std::optional<std::chrono::steady_clock::time_point> asking_since_;
};

}  // namespace uvspdy::net
