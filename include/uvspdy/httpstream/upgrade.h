#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/http_head.h"

// The negotiation of an upgrade, as k8s.io/apimachinery/pkg/util/httpstream does it. Nothing here
// does I/O: requests and responses are values, so that an embedder's own HTTP server can use it.

namespace uvspdy::httpstream {

inline constexpr std::string_view kHeaderConnection = "Connection";
inline constexpr std::string_view kHeaderUpgrade = "Upgrade";
inline constexpr std::string_view kHeaderProtocolVersion = "X-Stream-Protocol-Version";
inline constexpr std::string_view kHeaderAcceptedProtocolVersions =
    "X-Accepted-Stream-Protocol-Versions";

/// The value of the Upgrade header on both sides.
inline constexpr std::string_view kSpdy31 = "SPDY/3.1";

/// Whether the request asks for an upgrade: its Connection header contains "upgrade".
UVSPDY_EXPORT bool is_upgrade_request(const HttpRequest& request);

/// Whether the request asks for an upgrade to SPDY/3.1.
UVSPDY_EXPORT bool is_spdy_upgrade_request(const HttpRequest& request);

/// The client's protocols in its order of preference: one header line each, or several in one line
/// separated by commas.
UVSPDY_EXPORT std::vector<std::string> requested_protocols(const HttpRequest& request);

/// Chooses the first of the client's protocols that is among `server_protocols` and adds it to the
/// response's headers. Otherwise makes `response` the answer to send and returns the error:
/// kNoProtocol (400) when the client names none, kNoCommonProtocol (403, with one
/// X-Accepted-Stream-Protocol-Versions line for each of `server_protocols`).
UVSPDY_EXPORT Result<std::string> handshake(const HttpRequest& request, HttpResponse& response,
                                            std::span<const std::string_view> server_protocols);

}  // namespace uvspdy::httpstream
