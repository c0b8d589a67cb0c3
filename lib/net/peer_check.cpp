#include "net/peer_check.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <uv.h>

namespace uvspdy::net {
namespace {

// Data sent this many times, over a minute at least, has reached nobody; a reset comes earlier.
constexpr int kManyRetransmissions = 8;

// SO_ERROR would give the reason, and take it away from whoever reads. The counters that remain
// show as much.
int why_broken(int socket, const tcp_info& info) {
  int probes = 0;
  socklen_t size = sizeof probes;
  const bool probed = getsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, &size) == 0 &&
                      info.tcpi_probes >= probes;
  return probed || info.tcpi_retransmits >= kManyRetransmissions ? UV_ETIMEDOUT : UV_ECONNRESET;
}

}  // namespace

int PeerCheck::status(int socket, bool shut_down, std::chrono::milliseconds silence_limit) {
  tcp_info info{};
  socklen_t size = sizeof info;
  const bool tcp = getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
  pollfd polled{socket, 0, 0};
  if (poll(&polled, 1, 0) > 0) {
    if ((polled.revents & POLLERR) != 0) return tcp ? why_broken(socket, info) : UV_ECONNRESET;
    // Both directions have ended. If we did not end ours, that was no orderly end.
    if ((polled.revents & POLLHUP) != 0) return shut_down ? 0 : UV_EPIPE;
  }
  if (!tcp) return 0;
  if (info.tcpi_retransmits == 0 && info.tcpi_probes == 0) {
    asking_since_.reset();
    return 0;
  }
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::milliseconds silence(info.tcpi_last_ack_recv);
  if (!asking_since_ || silence < now - *asking_since_) asking_since_ = now;
  return now - *asking_since_ >= silence_limit ? UV_ETIMEDOUT : 0;
}

}  // namespace uvspdy::net
