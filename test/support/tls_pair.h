#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "support/certificates.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "uvspdy/net/tls.h"

namespace uvspdy::test {

inline const TestCa& test_ca() {
  static const TestCa ca;
  return ca;
}

inline net::TlsKeyPair key_pair_of(const Certificate& certificate) {
  return {.certificate = {.text = certificate.pem()}, .key = {.text = certificate.key_pem()}};
}

inline net::TlsClientOptions client_options() { return {.ca = {.text = test_ca().ca.pem()}}; }

inline net::TlsServerOptions server_options() {
  return {.key_pair = key_pair_of(test_ca().server)};
}

inline std::shared_ptr<net::TlsClientContext> client_context(
    const net::TlsClientOptions& options = client_options()) {
  auto made = net::TlsClientContext::create(options);
  REQUIRE_THAT(made, IsSuccess());
  return *made;
}

inline std::shared_ptr<net::TlsServerContext> server_context(
    const net::TlsServerOptions& options = server_options()) {
  auto made = net::TlsServerContext::create(options);
  REQUIRE_THAT(made, IsSuccess());
  return *made;
}

/// What a handshake has come to.
struct HandshakeResult {
  bool done = false;
  std::unique_ptr<net::Transport> transport;
  Error error;

  net::ConnectHandler handler() {
    return [this](Result<std::unique_ptr<net::Transport>> result) {
      CHECK_FALSE(done);
      done = true;
      if (result) {
        transport = std::move(*result);
      } else {
        error = result.error();
      }
    };
  }
};

/// The two ends of one TLS connection, or why there is none.
struct TlsPair {
  HandshakeResult client;
  HandshakeResult server;

  explicit TlsPair(TestLoop& loop,
                   std::shared_ptr<net::TlsClientContext> for_client = client_context(),
                   std::shared_ptr<net::TlsServerContext> for_server = server_context(),
                   const std::string& host = "localhost")
      : TlsPair(loop, TcpPair(loop), std::move(for_client), std::move(for_server), host) {}

  /// Over any pair of transports.
  template <class Pair>
  TlsPair(TestLoop& loop, Pair lower,
          std::shared_ptr<net::TlsClientContext> for_client = client_context(),
          std::shared_ptr<net::TlsServerContext> for_server = server_context(),
          const std::string& host = "localhost") {
    net::tls_accept(std::move(lower.server), std::move(for_server), kDeadline, server.handler());
    net::tls_connect(std::move(lower.client), std::move(for_client), host, kDeadline,
                     client.handler());
    REQUIRE(loop.run_until([this] { return client.done && server.done; }));
  }

  /// Both handshakes have worked.
  TlsPair& open() {
    INFO(client.error.message());
    INFO(server.error.message());
    REQUIRE((client.transport && server.transport));
    return *this;
  }
};

}  // namespace uvspdy::test
