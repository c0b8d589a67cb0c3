#include <optional>
#include <utility>

#include "net/address.h"
#include "net/address_race.h"
#include "net/connector.h"
#include "net/name_lookup.h"
#include "uvspdy/net/tcp.h"

namespace uvspdy::net {
namespace {

std::string target_of(const std::string& host, std::uint16_t port) {
  const bool is_ip6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return (is_ip6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

/// Resolves, and races the addresses (RFC 8305).
class TcpConnector final : public Connector {
 public:
  TcpConnector(uv_loop_t* loop, std::string host, std::uint16_t port,
               std::chrono::milliseconds timeout, ConnectHandler handler)
      : Connector(loop, target_of(host, port), timeout, std::move(handler)),
        host_(std::move(host)),
        port_(port) {}

 private:
  void begin() override {
    // A numeric address need not wait for the thread pool, which slow look-ups may keep busy.
    if (const auto numeric = parse_address(host_, port_)) return race({*numeric});
    lookup_.emplace();
    Error error = lookup_->start(loop(), host_, port_, [this](auto addresses) {
      if (!addresses) return finish(addresses.error());
      race(interleave_families(*addresses));
    });
    if (error) fail_later(std::move(error));
  }

  void race(std::vector<sockaddr_storage> addresses) {
    race_.emplace(loop(), target(), std::move(addresses), kConnectionAttemptDelay,
                  [this](Result<std::unique_ptr<StreamTransport>> winner) {
                    if (!winner) return finish(winner.error());
                    finish(std::unique_ptr<Transport>(std::move(*winner)));
                  });
    race_->start();
  }

  void stop() override {
    lookup_.reset();
    race_.reset();
  }

  std::string failures_so_far() const override { return race_ ? race_->describe() : ""; }

  std::string host_;
  std::uint16_t port_;
  std::optional<NameLookup> lookup_;
  std::optional<AddressRace> race_;
};

}  // namespace

Attempt connect_tcp(uv_loop_t* loop, const std::string& host, std::uint16_t port,
                    std::chrono::milliseconds timeout, ConnectHandler handler) {
  const auto connector =
      std::make_shared<TcpConnector>(loop, host, port, timeout, std::move(handler));
  connector->start();
  return Attempt(std::weak_ptr<Cancellable>(connector));
}

}  // namespace uvspdy::net
