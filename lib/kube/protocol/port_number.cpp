#include "kube/protocol/port_number.h"

#include <charconv>
#include <string>

#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::kube {

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [read_to, error] = std::from_chars(text.data(), end, port);
  if (error == std::errc() && read_to == end) {
    if (port > 0) return port;
    return Error(Errc::kBadRequest, "port \"" + std::string(text) + "\" must be > 0");
  }
  return Error(Errc::kBadRequest, "unable to parse \"" + std::string(text) +
                                      "\" as a port: expected a number from 1 to 65535");
}

}  // namespace uvspdy::kube
