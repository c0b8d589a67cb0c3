// Handshakes that work, and what they come to.

#include <algorithm>
#include <string>

#include "support/patterned_text.h"
#include "support/raw_peer.h"
#include "support/tls_pair.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using test::client_context;
using test::client_options;
using test::IsSuccess;
using test::key_pair_of;
using test::RawPeer;
using test::server_context;
using test::server_options;
using test::test_ca;
using test::TestLoop;
using test::TlsPair;

namespace {

// A word each way, and an orderly end of both.
void talk(TestLoop& loop, TlsPair& pair) {
  RawPeer client(std::move(pair.client.transport));
  RawPeer server(std::move(pair.server.transport));
  client.start_reading();
  server.start_reading();
  client.send("from the client");
  server.send("from the server");
  REQUIRE(loop.run_until([&] {
    return client.received() == "from the server" && server.received() == "from the client";
  }));
  client.shut_down();
  REQUIRE(loop.run_until([&] { return server.ended(); }));
  CHECK_THAT(server.end(), IsSuccess());
  server.send("; and more");
  server.shut_down();
  REQUIRE(loop.run_until([&] { return client.ended(); }));
  CHECK_THAT(client.end(), IsSuccess());
  CHECK(client.received() == "from the server; and more");
  client.close();
  server.close();
  REQUIRE(loop.run_out());
}

}  // namespace

TEST_CASE("TLS: without a context there is no handshake, and that is told") {
  TestLoop loop;
  test::TcpPair pair(loop);
  test::HandshakeResult client;
  test::HandshakeResult server;
  net::tls_connect(std::move(pair.client), nullptr, "localhost", test::kDeadline, client.handler());
  net::tls_accept(std::move(pair.server), nullptr, test::kDeadline, server.handler());
  REQUIRE(loop.run_until([&] { return client.done && server.done; }));
  CHECK(client.error.code() == net::Errc::kTlsConfig);
  CHECK(server.error.code() == net::Errc::kTlsConfig);
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS: verified by name, both ways, an orderly end") {
  TestLoop loop;
  TlsPair pair(loop);
  pair.open();
  const net::TlsInfo* info = pair.client.transport->tls();
  REQUIRE(info != nullptr);
  CHECK(info->version == "TLSv1.3");  // 1.2 in test/interop, with peers that stop there
  CHECK_FALSE(info->cipher.empty());
  CHECK_FALSE(info->resumed);
  CHECK(info->server_name == "localhost");
  REQUIRE(info->peer);
  CHECK(info->peer->common_name == "server");
  CHECK(info->peer->names == std::vector<std::string>{"localhost", "127.0.0.1"});
  CHECK(info->peer->verified);
  CHECK(pair.server.transport->tls()->server_name == "localhost");
  CHECK_FALSE(pair.server.transport->tls()->peer);
  talk(loop, pair);
}

TEST_CASE("TLS: an address is verified too, and not asked for") {
  TestLoop loop;
  TlsPair pair(loop, client_context(), server_context(), "127.0.0.1");
  pair.open();
  CHECK(pair.client.transport->tls()->server_name.empty());
  CHECK(pair.server.transport->tls()->server_name.empty());
  talk(loop, pair);
}

TEST_CASE("TLS: the options' server name takes the host's place") {
  TestLoop loop;
  auto options = client_options();
  options.server_name = "localhost";
  TlsPair pair(loop, client_context(options), server_context(), "10.0.0.1");
  pair.open();
  CHECK(pair.server.transport->tls()->server_name == "localhost");
  talk(loop, pair);
}

TEST_CASE("TLS: a client certificate's names reach the server") {
  TestLoop loop;
  auto options = server_options();
  options.client_certificate = net::ClientCertificate::kRequired;
  options.client_ca.text = test_ca().ca.pem();
  auto for_client = client_options();
  for_client.key_pair = key_pair_of(test_ca().client);
  TlsPair pair(loop, client_context(for_client), server_context(options));
  pair.open();
  const auto& peer = pair.server.transport->tls()->peer;
  REQUIRE(peer);
  CHECK(peer->common_name == "jane");
  CHECK(peer->organizations == std::vector<std::string>{"admins", "dev"});
  CHECK(peer->subject == "CN=jane,O=dev,O=admins");
  CHECK(peer->verified);
  talk(loop, pair);
}

TEST_CASE("TLS: without verification any server is taken, and none is called verified") {
  TestLoop loop;
  net::TlsClientOptions options;
  options.verify = false;
  TlsPair pair(loop, client_context(options), server_context(), "elsewhere.example");
  pair.open();
  REQUIRE(pair.client.transport->tls()->peer);
  CHECK_FALSE(pair.client.transport->tls()->peer->verified);
  talk(loop, pair);
}

TEST_CASE("TLS: an optional client certificate may be missing") {
  TestLoop loop;
  auto options = server_options();
  options.client_certificate = net::ClientCertificate::kOptional;
  options.client_ca.text = test_ca().ca.pem();
  TlsPair pair(loop, client_context(), server_context(options));
  pair.open();
  CHECK_FALSE(pair.server.transport->tls()->peer);
  talk(loop, pair);
}
