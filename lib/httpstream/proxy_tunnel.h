#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "httpstream/proxy_handshake.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

/// Carries out a handshake with a proxy over a transport to the proxy, and returns the transport
/// once the proxy has connected it to the server. `what` is for messages: "http://proxy:3128, asked
/// for host:443".
///
/// The handler is called once, from the loop. Errors: those of ProxyHandshake::take, kProxyTimeout,
/// kConnectionLost, the transport's if the last write fails, UV_ECANCELED.
net::Attempt open_tunnel(std::unique_ptr<net::Transport> transport,
                         std::unique_ptr<ProxyHandshake> handshake, std::string what,
                         std::chrono::milliseconds timeout, net::ConnectHandler handler);

}  // namespace uvspdy::httpstream
