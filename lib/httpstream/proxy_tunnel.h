#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "httpstream/proxy_handshake.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// Carries a handshake with a proxy out over a transport to it, and gives the transport back once
/// the proxy has connected it to the server. `what` is for messages: "http://proxy:3128, asked for
/// host:443".
///
/// The handler runs once, from the loop. Errors: those of ProxyHandshake::take, kTimeout,
/// kConnectionLost, UV_ECANCELED.
net::Attempt open_tunnel(std::unique_ptr<net::Transport> transport,
                         std::unique_ptr<ProxyHandshake> handshake, std::string what,
                         std::chrono::milliseconds timeout, net::ConnectHandler handler);

}  // namespace uvspdy::httpstream
