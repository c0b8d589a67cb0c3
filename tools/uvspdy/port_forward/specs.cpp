#include "specs.h"

#include <uv.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "flags/port.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::command {
namespace {

Error bad(const std::string& text) { return Error(kube::Errc::kBadRequest, text); }

Result<std::uint16_t> read_port(const std::string& which, const std::string& text) {
  if (const auto port = parse_port(text)) return *port;
  return bad("error parsing " + which + " port '" + text + "': expected a number from 0 to 65535");
}

bool is_numeric_address(const std::string& text) {
  std::array<unsigned char, 16> ignored{};
  return uv_inet_pton(AF_INET, text.c_str(), ignored.data()) == 0 ||
         uv_inet_pton(AF_INET6, text.c_str(), ignored.data()) == 0;
}

}  // namespace

Result<PortSpec> parse_port_spec(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon != std::string::npos && text.find(':', colon + 1) != std::string::npos) {
    return bad("invalid port format '" + text + "'; expected [LOCAL:]REMOTE, as in 8080:80");
  }
  const std::string remote_text = colon == std::string::npos ? text : text.substr(colon + 1);
  std::string local_text = colon == std::string::npos ? text : text.substr(0, colon);
  if (local_text.empty()) local_text = "0";
  if (remote_text.empty()) return bad("remote port cannot be empty");
  const Result<std::uint16_t> local = read_port("local", local_text);
  if (!local) return local.error();
  const Result<std::uint16_t> remote = read_port("remote", remote_text);
  if (!remote) return remote.error();
  if (*remote == 0) return bad("remote port must be > 0");
  return PortSpec{*local, *remote};
}

std::string to_string(const PortSpec& spec) {
  return "{" + std::to_string(spec.local) + " " + std::to_string(spec.remote) + "}";
}

Result<std::vector<LocalAddress>> parse_local_addresses(const std::vector<std::string>& texts) {
  std::vector<LocalAddress> addresses;
  const auto add = [&addresses](LocalAddress added) {
    const bool there = std::any_of(addresses.begin(), addresses.end(), [&](const auto& address) {
      return address.address == added.address;
    });
    if (!there) addresses.push_back(std::move(added));
  };
  for (const std::string& text : texts) {
    if (text == "localhost") {
      add({"127.0.0.1", true});
      add({"::1", true});
    } else if (is_numeric_address(text)) {
      add({text, false});
    } else {
      return bad(text + " is not a valid IP; give numeric addresses, or localhost");
    }
  }
  if (addresses.empty()) return bad("you must specify at least 1 address");
  return addresses;
}

}  // namespace uvspdy::command
