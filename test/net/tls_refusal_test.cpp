// Handshakes that fail: what each side is told.

#include <string>

#include "support/raw_peer.h"
#include "support/tls_pair.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using Catch::Matchers::Contains;
using net::Errc;
using test::Certificate;
using test::client_context;
using test::client_options;
using test::HandshakeResult;
using test::IsSuccess;
using test::key_pair_of;
using test::RawPeer;
using test::server_context;
using test::server_options;
using test::TcpPair;
using test::test_ca;
using test::TestLoop;
using test::TlsPair;

namespace {

struct Refused {
  Error client;
  Error server;
};

// A handshake that the client must refuse.
Refused refused(const net::TlsClientOptions& client, const net::TlsServerOptions& server,
                const std::string& host = "localhost") {
  TestLoop loop;
  TlsPair pair(loop, client_context(client), server_context(server), host);
  CHECK_FALSE(pair.client.transport);
  CHECK_FALSE(pair.server.transport);
  REQUIRE(loop.run_out());
  return {pair.client.error, pair.server.error};
}

Refused refused_certificate(const Certificate& certificate, const std::string& host = "localhost") {
  return refused(client_options(), {.key_pair = key_pair_of(certificate)}, host);
}

net::TlsServerOptions with_client_certificates() {
  auto options = server_options();
  options.client_certificate = net::ClientCertificate::kRequired;
  options.client_ca.text = test_ca().ca.pem();
  return options;
}

// A raw client or server against one of our ends.
struct HalfTls {
  TestLoop loop;
  HandshakeResult ours;
  std::unique_ptr<RawPeer> peer;
  net::Attempt attempt;

  void connect(std::chrono::milliseconds timeout = test::kDeadline) {
    TcpPair tcp(loop);
    peer = std::make_unique<RawPeer>(std::move(tcp.server));
    peer->start_reading();
    attempt = net::tls_connect(std::move(tcp.client), client_context(), "localhost", timeout,
                               ours.handler());
    CHECK_FALSE(ours.done);
  }
  void accept(std::chrono::milliseconds timeout = test::kDeadline) {
    TcpPair tcp(loop);
    peer = std::make_unique<RawPeer>(std::move(tcp.client));
    peer->start_reading();
    attempt = net::tls_accept(std::move(tcp.server), server_context(), timeout, ours.handler());
    CHECK_FALSE(ours.done);
  }
  const Error& error() {
    REQUIRE(loop.run_until([this] { return ours.done; }));
    CHECK_FALSE(ours.transport);
    return ours.error;
  }
  void end() {
    peer->close();
    REQUIRE(loop.run_out());
  }
};

}  // namespace

TEST_CASE("TLS refusal: an unknown CA") {
  const Certificate other({.common_name = "other CA", .is_ca = true});
  const Refused errors = refused_certificate(Certificate({.names = {"DNS:localhost"}}, other));
  CHECK(errors.client.code() == Errc::kCertificate);
  CHECK_THAT(errors.client.message(),
             Contains("'CN=test' comes from 'CN=other CA', which is not among the trusted CAs"));
  CHECK(errors.server.code() == Errc::kTlsHandshake);
  CHECK_THAT(errors.server.message(),
             Contains("does not accept our certificate: it does not know the CA"));
}

TEST_CASE("TLS refusal: a self-signed certificate") {
  const Refused errors = refused_certificate(Certificate({.names = {"DNS:localhost"}}));
  CHECK(errors.client.code() == Errc::kCertificate);
  CHECK_THAT(errors.client.message(),
             Contains("'CN=test' is self-signed and not among the trusted CAs"));
}

TEST_CASE("TLS: a self-signed certificate that is given as the CA is taken") {
  const Certificate own({.names = {"DNS:localhost"}});
  net::TlsClientOptions options;
  options.ca.text = own.pem();
  TestLoop loop;
  TlsPair pair(loop, client_context(options), server_context({.key_pair = key_pair_of(own)}));
  pair.open();
  pair.client.transport->close({});
  pair.server.transport->close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS refusal: an expired certificate, with the date") {
  const Refused errors = refused_certificate(Certificate(
      {.names = {"DNS:localhost"}, .valid_from = -864000, .valid_to = -432000}, test_ca().ca));
  CHECK(errors.client.code() == Errc::kCertificate);
  CHECK_THAT(errors.client.message(), Contains("'CN=test' has expired on 20"));
  CHECK_THAT(errors.client.message(), Contains(" UTC"));
  CHECK_THAT(errors.server.message(), Contains("it has expired"));
}

TEST_CASE("TLS refusal: a certificate that is not valid yet") {
  const Refused errors = refused_certificate(Certificate(
      {.names = {"DNS:localhost"}, .valid_from = 432000, .valid_to = 864000}, test_ca().ca));
  CHECK(errors.client.code() == Errc::kCertificate);
  CHECK_THAT(errors.client.message(), Contains("'CN=test' is not valid before 20"));
}

TEST_CASE("TLS refusal: another host's certificate") {
  const Refused by_name = refused(client_options(), server_options(), "b.example");
  CHECK(by_name.client.code() == Errc::kCertificate);
  CHECK_THAT(by_name.client.message(),
             Contains("is valid for localhost, 127.0.0.1, not for b.example"));
  const Refused by_address = refused(client_options(), server_options(), "127.0.0.2");
  CHECK(by_address.client.code() == Errc::kCertificate);
  CHECK_THAT(by_address.client.message(), Contains("not for 127.0.0.2"));
}

TEST_CASE("TLS refusal: the common name is no host name, partial wildcards are none") {
  const Refused common_name =
      refused_certificate(Certificate({.common_name = "localhost"}, test_ca().ca));
  CHECK(common_name.client.code() == Errc::kCertificate);
  CHECK_THAT(common_name.client.message(), Contains("names no host in its subjectAltName"));
  const Refused wildcard = refused_certificate(
      Certificate({.names = {"DNS:a*.example.com"}}, test_ca().ca), "abc.example.com");
  CHECK(wildcard.client.code() == Errc::kCertificate);
}

TEST_CASE("TLS refusal: a client's certificate does not serve") {
  const Refused errors = refused_certificate(
      Certificate({.names = {"DNS:localhost"}, .purpose = "clientAuth"}, test_ca().ca));
  CHECK(errors.client.code() == Errc::kCertificate);
  CHECK_THAT(errors.client.message(), Contains("purpose"));
}

TEST_CASE("TLS refusal: a name that no certificate can have") {
  TestLoop loop;
  TcpPair tcp(loop);
  RawPeer peer(std::move(tcp.server));
  HandshakeResult ours;
  // OpenSSL would take the last as any name below it.
  const std::string name = GENERATE("", ".", ".localhost");
  net::tls_connect(std::move(tcp.client), client_context(), name, test::kDeadline, ours.handler());
  CHECK_FALSE(ours.done);
  REQUIRE(loop.run_until([&] { return ours.done; }));
  CHECK(ours.error.code() == Errc::kTlsConfig);
  CHECK_THAT(ours.error.message(), Contains("is no host name or address"));
  peer.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS refusal: a client certificate is required and none is given") {
  TestLoop loop;
  TlsPair pair(loop, client_context(), server_context(with_client_certificates()));
  CHECK(pair.server.error.code() == Errc::kCertificate);
  CHECK_THAT(pair.server.error.message(),
             Contains("a client certificate is required, and the client has shown none"));
  // In TLS 1.3 the client's handshake is done before the server has looked.
  REQUIRE(pair.client.transport);
  RawPeer client(std::move(pair.client.transport));
  client.start_reading();
  REQUIRE(loop.run_until([&] { return client.ended(); }));
  CHECK(client.end().code() == Errc::kTlsHandshake);
  CHECK_THAT(client.end().message(), Contains("wants a client certificate, and none was given"));
  client.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS refusal: a client certificate of another CA, one for servers") {
  const Certificate other_ca({.common_name = "other CA", .is_ca = true});
  const Certificate foreign({.common_name = "eve"}, other_ca);
  const Certificate for_servers({.common_name = "srv", .purpose = "serverAuth"}, test_ca().ca);
  for (const Certificate& certificate : {foreign, for_servers}) {
    TestLoop loop;
    auto options = client_options();
    options.key_pair = key_pair_of(certificate);
    TlsPair pair(loop, client_context(options), server_context(with_client_certificates()));
    CHECK_FALSE(pair.server.transport);
    CHECK(pair.server.error.code() == Errc::kCertificate);
    REQUIRE(pair.client.transport);
    RawPeer client(std::move(pair.client.transport));
    client.start_reading();
    REQUIRE(loop.run_until([&] { return client.ended(); }));
    CHECK(client.end().code() == Errc::kTlsHandshake);
    CHECK_THAT(client.end().message(), Contains("does not accept our certificate"));
    client.close();
    REQUIRE(loop.run_out());
  }
}

TEST_CASE("TLS refusal: the server speaks plain HTTP") {
  HalfTls half;
  half.connect();
  half.peer->send("HTTP/1.1 400 Bad Request\r\n\r\n");
  CHECK(half.error().code() == Errc::kTlsHandshake);
  CHECK_THAT(half.error().message(),
             Contains("the server does not speak TLS, it answered 'HTTP/1.1 400 Bad Request'; use "
                      "http:// for it"));
  half.end();
}

TEST_CASE("TLS refusal: the server speaks something else") {
  HalfTls half;
  half.connect();
  half.peer->send("SSH-2.0-OpenSSH\x01\xc2\x9b\r\n");
  CHECK(half.error().code() == Errc::kTlsHandshake);
  CHECK_THAT(half.error().message(), Contains("it answered 'SSH-2.0-OpenSSH?"
                                              "?'"));
  half.end();
}

TEST_CASE("TLS refusal: the client speaks plain HTTP, and is told so") {
  for (const std::string method : {"GET", "POST", "DELETE", "CONNECT"}) {
    HalfTls half;
    half.accept();
    half.peer->on_received = [&half] {
      if (half.peer->received().ends_with("https://")) half.peer->shut_down();
    };
    half.peer->send(method + " /api HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(half.error().code() == Errc::kTlsHandshake);
    CHECK_THAT(half.error().message(), Contains("it sent '" + method));
    CHECK_THAT(half.error().message(), Contains("https://"));
    REQUIRE(half.loop.run_until([&] { return half.peer->ended(); }));
    CHECK_THAT(half.peer->end(), IsSuccess());
    CHECK_THAT(half.peer->received(), Catch::Matchers::StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    CHECK_THAT(half.peer->received(), Catch::Matchers::EndsWith("use https://"));
    half.end();
  }
}

TEST_CASE("TLS refusal: a peer that says nothing") {
  HalfTls client;
  client.connect(std::chrono::milliseconds(30));
  CHECK(client.error().code() == Errc::kTlsTimeout);
  CHECK_THAT(client.error().message(), Contains("no TLS handshake with localhost (127.0.0.1:"));
  CHECK_THAT(client.error().message(), Contains("within 30 ms"));
  client.end();
  HalfTls server;
  server.accept(std::chrono::milliseconds(30));
  CHECK(server.error().code() == Errc::kTlsTimeout);
  server.end();
}

TEST_CASE("TLS refusal: a peer that goes away at once") {
  HalfTls client;
  client.connect();
  client.peer->close();
  CHECK(client.error());
  client.end();
  HalfTls server;
  server.accept();
  server.peer->shut_down();
  CHECK(server.error().code() == Errc::kTlsHandshake);
  CHECK_THAT(server.error().message(), Contains("closed the connection in the middle"));
  server.end();
}

TEST_CASE("TLS refusal: a refused client that never closes is not waited for") {
  HalfTls half;
  half.accept(std::chrono::milliseconds(50));
  half.peer->stop_reading();
  half.peer->send("GET / HTTP/1.1\r\n\r\n");
  CHECK(half.error().code() == Errc::kTlsHandshake);
  half.end();
}

TEST_CASE("TLS: a handshake whose outcome nobody wants") {
  TestLoop loop;
  TcpPair tcp(loop);
  HandshakeResult server;
  net::tls_accept(std::move(tcp.server), server_context(), test::kDeadline, server.handler());
  net::tls_connect(std::move(tcp.client), client_context(), "localhost", test::kDeadline, {});
  REQUIRE(loop.run_until([&] { return server.done; }));
  CHECK(server.transport);
  server.transport.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS: cancelled at once, half way, and after the end") {
  HalfTls at_once;
  at_once.connect();
  at_once.attempt.cancel();
  CHECK_FALSE(at_once.ours.done);
  CHECK(at_once.error().code().value() == UV_ECANCELED);
  at_once.attempt.cancel();
  at_once.end();

  HalfTls half_way;
  half_way.connect();
  REQUIRE(half_way.loop.run_until([&] { return !half_way.peer->received().empty(); }));
  half_way.attempt.cancel();
  half_way.attempt.cancel();
  CHECK(half_way.error().code().value() == UV_ECANCELED);
  REQUIRE(half_way.loop.run_until([&] { return half_way.peer->ended(); }));
  half_way.end();

  TestLoop loop;
  TcpPair tcp(loop);
  RawPeer peer(std::move(tcp.server));
  HandshakeResult hopeless;
  auto attempt = net::tls_connect(std::move(tcp.client), client_context(), ".example",
                                  test::kDeadline, hopeless.handler());
  attempt.cancel();
  REQUIRE(loop.run_until([&] { return hopeless.done; }));
  CHECK(hopeless.error.code().value() == UV_ECANCELED);
  CHECK_THAT(hopeless.error.message(), Contains("TLS handshake with .example (127.0.0.1:"));
  peer.close();
  REQUIRE(loop.run_out());

  HalfTls refusing;
  refusing.accept();
  refusing.peer->send("GET / HTTP/1.1\r\n\r\n");
  REQUIRE(refusing.loop.run_until([&] { return !refusing.peer->received().empty(); }));
  CHECK_FALSE(refusing.ours.done);  // it waits for the client to close
  refusing.attempt.cancel();
  CHECK(refusing.error().code().value() == UV_ECANCELED);
  refusing.end();
}
