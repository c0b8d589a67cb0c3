#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/export.h"

// Kubernetes' portforward, for clients and servers: protocol name, stream headers and request.

namespace uvspdy::kube {

/// The protocol name of a port-forward over SPDY; there is only this version.
inline constexpr std::string_view kPortForwardProtocol = "portforward.k8s.io";

/// The headers of each stream, beside `kHeaderStreamType` ("error" or "data"): the port of the pod,
/// and the client's number of the forwarded connection to which the stream belongs.
inline constexpr std::string_view kHeaderPort = "port";
inline constexpr std::string_view kHeaderRequestId = "requestID";

/// A header of a data stream, with any value, that PortForwarder sends: a reset of the stream by
/// this client always means a break. Without the header a server takes a reset after its own end
/// for an end in order, because kubectl ends connections so. Servers that do not know it ignore it.
inline constexpr std::string_view kHeaderResetIsBreak = "x-uvspdy-reset-is-break";

/// The value of `kHeaderStreamType` for the stream with the connection's bytes, both ways.
inline constexpr std::string_view kStreamTypeData = "data";

/// A request for a SPDY connection over which connections to ports of a pod are forwarded.
struct PortForwardRequest {
  std::string pod_namespace = "default";
  std::string pod{};
  std::string pod_uid{};  ///< set only by parse_streaming_target, from a kubelet's path
  /// The ports in the request's query. SPDY clients send none: each stream names its own port.
  std::vector<std::uint16_t> ports{};
};

/// Formats a request as path and query for an API server, without the pod's uid:
/// /api/v1/namespaces/NS/pods/POD/portforward
UVSPDY_EXPORT std::string port_forward_target(const PortForwardRequest& request);

}  // namespace uvspdy::kube
