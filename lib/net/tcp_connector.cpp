#include "net/tcp_connector.h"

#include <optional>
#include <utility>

#include "net/address.h"
#include "net/address_race.h"
#include "net/connector.h"
#include "net/name_lookup.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/tcp.h"

namespace uvspdy::net {
namespace {

std::string target_of(const std::string& host, std::uint16_t port) {
  const bool is_ip6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return (is_ip6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

/// Connects to known addresses.
class AddressConnector : public Connector {
 public:
  AddressConnector(uv_loop_t* loop, std::string target, std::vector<sockaddr_storage> addresses,
                   std::chrono::milliseconds attempt_delay, std::chrono::milliseconds timeout,
                   ConnectHandler handler)
      : Connector(loop, std::move(target), timeout, std::move(handler)),
        addresses_(std::move(addresses)),
        attempt_delay_(attempt_delay) {}

 protected:
  void begin() override { race(std::move(addresses_)); }

  void stop() override { race_.reset(); }

  void race(std::vector<sockaddr_storage> addresses) {
    race_.emplace(loop(), target(), std::move(addresses), attempt_delay_,
                  [this](Result<std::unique_ptr<StreamTransport>> winner) {
                    if (!winner) return finish(winner.error());
                    finish(std::unique_ptr<Transport>(std::move(*winner)));
                  });
    race_->start();
  }

 private:
  std::string failures_so_far() const override { return race_ ? race_->describe() : ""; }

  std::vector<sockaddr_storage> addresses_;
  std::chrono::milliseconds attempt_delay_;
  std::optional<AddressRace> race_;
};

/// Resolves a name and connects to its addresses.
class NameConnector final : public AddressConnector {
 public:
  NameConnector(uv_loop_t* loop, std::string host, std::uint16_t port,
                std::chrono::milliseconds timeout, ConnectHandler handler)
      : AddressConnector(loop, target_of(host, port), {}, kConnectionAttemptDelay, timeout,
                         std::move(handler)),
        host_(std::move(host)),
        port_(port) {}

 private:
  void begin() override {
    if (host_.find('\0') != std::string::npos) {
      return fail_later(Error(Errc::kBadAddress, "cannot resolve a name with a zero byte in it"));
    }
    // A numeric address need not wait for the thread pool, which slow look-ups may occupy.
    if (const auto numeric = parse_address(host_, port_)) return race({*numeric});
    lookup_.emplace();
    Error error = lookup_->start(loop(), host_, port_, [this](auto addresses) {
      if (!addresses) return finish(addresses.error());
      race(interleave_families(*addresses));
    });
    if (error) fail_later(std::move(error));
  }

  void stop() override {
    lookup_.reset();
    AddressConnector::stop();
  }

  std::string host_;
  std::uint16_t port_;
  std::optional<NameLookup> lookup_;
};

Attempt start(const std::shared_ptr<Connector>& connector) {
  connector->start();
  return Attempt(std::weak_ptr<Cancellable>(connector));
}

}  // namespace

Attempt connect_addresses(uv_loop_t* loop, const std::string& target,
                          std::vector<sockaddr_storage> addresses,
                          std::chrono::milliseconds attempt_delay,
                          std::chrono::milliseconds timeout, ConnectHandler handler) {
  return start(std::make_shared<AddressConnector>(loop, target, std::move(addresses), attempt_delay,
                                                  timeout, std::move(handler)));
}

Attempt connect_tcp(uv_loop_t* loop, const std::string& host, std::uint16_t port,
                    std::chrono::milliseconds timeout, ConnectHandler handler) {
  return start(std::make_shared<NameConnector>(loop, host, port, timeout, std::move(handler)));
}

}  // namespace uvspdy::net
