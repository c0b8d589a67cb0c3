#include "httpstream/peer_watch.h"

namespace uvspdy::httpstream {

Error PeerWatch::ask(const net::Transport& transport, Time now) {
  if (!reading_ || gone_ || transport.unacknowledged() > 0) return ask_at_once(transport, now);
  // The next bytes sent make a question due again.
  due_.reset();
  return {};
}

Error PeerWatch::ask_at_once(const net::Transport& transport, Time now) {
  due_ = now + kPeriod;
  Error error = transport.check_peer();
  gone_ = static_cast<bool>(error);
  return error;
}

}  // namespace uvspdy::httpstream
