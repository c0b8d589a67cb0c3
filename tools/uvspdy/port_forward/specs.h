#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "uvspdy/error.h"

namespace uvspdy::command {

// What the command line of `uvspdy port-forward` says, in kubectl's forms and words.

/// One port of the pod and where it is reached here; local port 0: a free one.
struct PortSpec {
  std::uint16_t local = 0;
  std::uint16_t remote = 0;
};

/// Reads "8080:80", "80" (the same on both sides) and ":80" or "0:80" (a free one here).
Result<PortSpec> parse_port_spec(const std::string& text);

/// "{8080 80}", as kubectl prints them.
std::string to_string(const PortSpec& spec);

/// An address to listen on. Of those that "localhost" stands for, one is enough.
struct LocalAddress {
  std::string address;
  bool of_localhost = false;
};

/// Reads numeric addresses and "localhost", which is 127.0.0.1 and ::1.
Result<std::vector<LocalAddress>> parse_local_addresses(const std::vector<std::string>& texts);

}  // namespace uvspdy::command
