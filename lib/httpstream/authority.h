#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "uvspdy/error.h"

namespace uvspdy::httpstream {

/// The part of a URL between "://" and its path (RFC 3986, section 3.2).
struct Authority {
  std::optional<std::string_view> user_info;  ///< before the '@', as it stands in the text
  std::string host;                           ///< IPv6 without brackets, with its zone after a '%'
  std::optional<std::uint16_t> port;
};

/// Errors: kBadUrl, with the reason alone: the text may hold a password.
Result<Authority> parse_authority(std::string_view text);

/// Whether the text is HOST or HOST:PORT as a Host header has it (RFC 9110, section 7.2): IPv6 in
/// brackets and without a zone; host and port may be empty.
bool is_host_and_port(std::string_view text);

/// A URL for messages: the text before its last '@', where passwords are, is left out.
std::string without_secrets(std::string_view url);

/// "host:port" as URLs have it: IPv6 in brackets, without its zone.
std::string format_authority(std::string_view host, std::uint16_t port);

/// A host without the zone of an IPv6 address ("fe80::1%eth0").
std::string_view without_zone(std::string_view host);

/// Whether there is a space or a control character in it.
bool has_space_or_control(std::string_view text);

}  // namespace uvspdy::httpstream
