#pragma once

#include <cstddef>

namespace uvspdy::kube {

/// How many wrong tokens a server checks for one client address (an IPv4 address, or the first 64
/// bits of an IPv6 address). Past that, requests of the address that bring a token are answered
/// with 429 and Retry-After, and their token is not looked at, so that a guess is not even told
/// apart from the right one. Right tokens cost nothing. Clients behind one NAT or proxy share an
/// address, and have to wait together.
struct GuessLimits {
  /// Wrong tokens at once. A person who mistypes, or a program with an expired token, sends a few.
  std::size_t burst = 20;
  /// Wrong tokens in each minute after those: 14,400 a day, of no use against 48 random bits.
  std::size_t per_minute = 10;
};

}  // namespace uvspdy::kube
