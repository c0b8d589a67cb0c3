#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

#include "net/address.h"
#include "net/descriptor.h"
#include "support/catch.h"

namespace uvspdy::test {

/// A listening socket whose queue is full, so that the kernel drops who else wants to connect: a
/// peer that never answers.
class FullListener {
 public:
  explicit FullListener(const std::string& address = "127.0.0.1", std::uint16_t port = 0) {
    auto where = net::parse_address(address, port);
    REQUIRE(where);
    socklen_t size = sizeof *where;
    listener_ = net::Descriptor(socket(where->ss_family, SOCK_STREAM, 0));
    REQUIRE(bind(listener_.get(), net::base_of(*where), size) == 0);
    REQUIRE(listen(listener_.get(), 0) == 0);
    REQUIRE(getsockname(listener_.get(), net::base_of(*where), &size) == 0);
    port_ = net::port_of(*where);
    for (net::Descriptor& filler : fillers_) {
      filler = net::Descriptor(socket(where->ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0));
      (void)connect(filler.get(), net::base_of(*where), size);
    }
  }

  /// Whether nobody else has this port of 127.0.0.1: every connection on the machine needs one.
  static bool is_free(std::uint16_t port) {
    const auto where = net::parse_address("127.0.0.1", port);
    const net::Descriptor probe(socket(AF_INET, SOCK_STREAM, 0));
    return where && bind(probe.get(), net::base_of(*where), sizeof *where) == 0;
  }

  std::uint16_t port() const { return port_; }

 private:
  net::Descriptor listener_;
  std::array<net::Descriptor, 4> fillers_;
  std::uint16_t port_ = 0;
};

}  // namespace uvspdy::test
