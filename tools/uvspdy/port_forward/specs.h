#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "uvspdy/error.h"

namespace uvspdy::command {

// The arguments of `uvspdy port-forward`, in kubectl's forms, with kubectl's error texts.

/// A port of the pod, and the local port for it; local port 0: any free one.
struct PortSpec {
  std::uint16_t local = 0;
  std::uint16_t remote = 0;
};

/// Parses "8080:80", "80" (the same on both sides) and ":80" or "0:80" (a free local port).
Result<PortSpec> parse_port_spec(const std::string& text);

/// Formats a PortSpec as kubectl prints it: "{8080 80}".
std::string to_string(const PortSpec& spec);

/// An address to listen on. For the addresses of "localhost" listening on one is enough.
struct LocalAddress {
  std::string address;
  bool of_localhost = false;
};

/// Parses numeric addresses and "localhost", which is 127.0.0.1 and ::1.
Result<std::vector<LocalAddress>> parse_local_addresses(const std::vector<std::string>& texts);

}  // namespace uvspdy::command
