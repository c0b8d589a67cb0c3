#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/http_head.h"

// The negotiation of an upgrade, as in k8s.io/apimachinery/pkg/util/httpstream. These functions do
// no I/O and take requests and responses as values, so that any HTTP server can use them.

namespace uvspdy::httpstream {

inline constexpr std::string_view kHeaderConnection = "Connection";
inline constexpr std::string_view kHeaderUpgrade = "Upgrade";
inline constexpr std::string_view kHeaderProtocolVersion = "X-Stream-Protocol-Version";
inline constexpr std::string_view kHeaderAcceptedProtocolVersions =
    "X-Accepted-Stream-Protocol-Versions";

/// The value of the Upgrade header, in requests and responses.
inline constexpr std::string_view kSpdy31 = "SPDY/3.1";

/// Whether the request asks for an upgrade: a Connection header contains "upgrade" (any case). One
/// of HTTP/1.0 never does (RFC 9110, section 7.8).
UVSPDY_EXPORT bool is_upgrade_request(const HttpRequest& request);

/// Whether the request asks for an upgrade, and an Upgrade header contains "SPDY/3.1" (any case).
UVSPDY_EXPORT bool is_spdy_upgrade_request(const HttpRequest& request);

/// The protocols that the client offers, in its order of preference: the values of its
/// X-Stream-Protocol-Version headers, which may be lists separated by commas.
UVSPDY_EXPORT std::vector<std::string> requested_protocols(const HttpRequest& request);

/// Chooses the client's first protocol that is among `server_protocols`, and adds it to the headers
/// of `response`. Otherwise makes `response` the answer to send, and returns an error: kNoProtocol
/// (400) if the client offers none, kNoCommonProtocol (403, with an
/// X-Accepted-Stream-Protocol-Versions header for each of `server_protocols`).
UVSPDY_EXPORT Result<std::string> handshake(const HttpRequest& request, HttpResponse& response,
                                            std::span<const std::string_view> server_protocols);

}  // namespace uvspdy::httpstream
