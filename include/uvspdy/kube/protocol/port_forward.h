#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/export.h"

// What both sides of Kubernetes' portforward know: the protocol's name, stream headers, and the
// request's path.

namespace uvspdy::kube {

/// The one protocol that is spoken over SPDY.
inline constexpr std::string_view kPortForwardProtocol = "portforward.k8s.io";

/// The headers of each stream, beside `kHeaderStreamType` ("error" or "data"): the port of the pod,
/// and which forwarded connection the stream belongs to (a counter of the client's).
inline constexpr std::string_view kHeaderPort = "port";
inline constexpr std::string_view kHeaderRequestId = "requestID";

/// On a data stream, with any value: the client resets it only to break it off. kubectl also ends a
/// connection in order by a reset, behind the server's end, and nothing else tells the one from the
/// other. PortForwarder sends it; servers that do not know it see a header more.
inline constexpr std::string_view kHeaderResetIsBreak = "x-uvspdy-reset-is-break";

/// The stream that carries the connection's bytes, both ways.
inline constexpr std::string_view kStreamTypeData = "data";

/// A connection to a pod over which any number of connections to its ports are forwarded.
struct PortForwardRequest {
  std::string pod_namespace = "default";
  std::string pod{};
  std::string pod_uid{};  ///< of a kubelet's path; else empty
  /// Those that the request's query names. Clients over SPDY name none: each stream says its port.
  std::vector<std::uint16_t> ports{};
};

/// Path and query as the API server takes them: /api/v1/namespaces/NS/pods/POD/portforward
UVSPDY_EXPORT std::string port_forward_target(const PortForwardRequest& request);

}  // namespace uvspdy::kube
