// Sessions that are resumed, certificates that are reloaded.

#include <ctime>
#include <functional>
#include <string>

#include "net/tls_context.h"
#include "support/mentions.h"
#include "support/raw_peer.h"
#include "support/tls_pair.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using test::Certificate;
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

// One server that can be reached again and again, for its tickets to fit.
class Server {
 public:
  explicit Server(TestLoop& loop, std::shared_ptr<net::TlsServerContext> of)
      : context(std::move(of)), loop_(loop) {
    auto made = net::Listener::listen_tcp(
        loop.get(), "127.0.0.1", 0,
        [this](std::unique_ptr<net::Transport> transport) { accepted = std::move(transport); });
    REQUIRE_THAT(made, IsSuccess());
    listener_ = std::move(*made);
  }

  struct Lower {
    std::unique_ptr<net::Transport> client;
    std::unique_ptr<net::Transport> server;
  };
  struct Outcome {
    bool resumed = false;
    std::string server_sees;  // the client's name
    std::string client_sees;
    bool verified = false;
  };

  // Two handshakes, which may fail.
  TlsPair shake_hands(const std::shared_ptr<net::TlsClientContext>& client,
                      const std::string& host = "localhost") {
    Lower tcp;
    net::connect_tcp(loop_.get(), "127.0.0.1", listener_->port(), test::kDeadline,
                     [&tcp](Result<std::unique_ptr<net::Transport>> result) {
                       CHECK_THAT(result, IsSuccess());
                       if (result) tcp.client = std::move(*result);
                     });
    REQUIRE(loop_.run_until([&] { return tcp.client && accepted; }));
    tcp.server = std::move(accepted);
    return TlsPair(loop_, std::move(tcp), client, context, host);
  }

  Outcome connect(const std::shared_ptr<net::TlsClientContext>& client,
                  const std::string& host = "localhost") {
    TlsPair pair = shake_hands(client, host);
    pair.open();
    Outcome outcome;
    const net::TlsInfo& ours = *pair.client.transport->tls();
    const net::TlsInfo& theirs = *pair.server.transport->tls();
    CHECK(ours.resumed == theirs.resumed);
    outcome.resumed = ours.resumed;
    if (theirs.peer) outcome.server_sees = theirs.peer->common_name;
    if (theirs.peer) CHECK(theirs.peer->verified);
    if (ours.peer) {
      outcome.client_sees = ours.peer->common_name;
      outcome.verified = ours.peer->verified;
    }
    RawPeer server_end(std::move(pair.server.transport));
    RawPeer client_end(std::move(pair.client.transport));
    server_end.start_reading();
    client_end.start_reading();
    server_end.send("bye");  // behind the tickets
    REQUIRE(loop_.run_until([&] { return client_end.received() == "bye"; }));
    client_end.close();
    server_end.close();
    return outcome;
  }

  void close() { listener_->close(); }

  std::shared_ptr<net::TlsServerContext> context;
  std::unique_ptr<net::Transport> accepted;

 private:
  TestLoop& loop_;
  std::unique_ptr<net::Listener> listener_;
};

// A context that takes it to be half an hour ago.
class EarlierTime {
 public:
  template <class Context>
  explicit EarlierTime(const Context& context)
      : ssl_(net::TlsContextAccess::impl(context).new_ssl()) {
    X509_VERIFY_PARAM_set_time(param(), std::time(nullptr) - 1800);
  }
  ~EarlierTime() { end(); }
  EarlierTime(const EarlierTime&) = delete;
  EarlierTime& operator=(const EarlierTime&) = delete;

  void end() { X509_VERIFY_PARAM_clear_flags(param(), X509_V_FLAG_USE_CHECK_TIME); }

  void only(int version) {
    SSL_CTX* context = SSL_get_SSL_CTX(ssl_.get());
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
  }

 private:
  X509_VERIFY_PARAM* param() { return SSL_CTX_get0_param(SSL_get_SSL_CTX(ssl_.get())); }

  net::SslPtr ssl_;  // holds the context
};

// Signed a while ago, and good no more.
Certificate expired(const std::string& name) {
  return Certificate(
      {.common_name = name, .names = {"DNS:localhost"}, .valid_from = -3500, .valid_to = -60},
      test_ca().ca);
}

}  // namespace

TEST_CASE("TLS sessions: resumed with all that was verified") {
  TestLoop loop;
  auto options = server_options();
  options.client_certificate = net::ClientCertificate::kRequired;
  options.client_ca.text = test_ca().ca.pem();
  Server server(loop, server_context(options));
  auto for_client = client_options();
  for_client.key_pair = key_pair_of(test_ca().client);
  const auto client = client_context(for_client);
  CHECK_FALSE(server.connect(client).resumed);
  for (int i = 0; i < 5; ++i) {
    const auto again = server.connect(client);
    CHECK(again.resumed);
    CHECK(again.server_sees == "jane");
    CHECK(again.client_sees == "server");
    CHECK(again.verified);
  }
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS sessions: a client's certificate that has expired is not good by resuming") {
  TestLoop loop;
  auto options = server_options();
  options.client_certificate = net::ClientCertificate::kRequired;
  options.client_ca.text = test_ca().ca.pem();
  Server server(loop, server_context(options));
  EarlierTime earlier(*server.context);
  earlier.only(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  auto for_client = client_options();
  for_client.key_pair = key_pair_of(expired("jane"));
  const auto client = client_context(for_client);
  CHECK(server.connect(client).server_sees == "jane");
  CHECK_FALSE(server.connect(client).resumed);  // it was looked at anew
  earlier.end();
  {
    TlsPair pair = server.shake_hands(client);
    CHECK_FALSE(pair.server.transport);
    CHECK(pair.server.error.code() == net::Errc::kCertificate);
    CHECK(test::mentions(pair.server.error.message(), {"'CN=jane' has expired"}));
  }
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS sessions: a server's certificate that has expired is not good by resuming") {
  TestLoop loop;
  Server server(loop, server_context({.key_pair = key_pair_of(expired("server"))}));
  const auto client = client_context();
  EarlierTime earlier(*client);
  earlier.only(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  CHECK(server.connect(client).client_sees == "server");
  CHECK_FALSE(server.connect(client).resumed);
  earlier.end();
  {
    TlsPair pair = server.shake_hands(client);
    CHECK_FALSE(pair.client.transport);
    CHECK(pair.client.error.code() == net::Errc::kCertificate);
    CHECK(test::mentions(pair.client.error.message(), {"'CN=server' has expired"}));
  }
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS sessions: not for another name, another context, nor when not wanted") {
  TestLoop loop;
  Server server(loop, server_context());
  const auto client = client_context();
  CHECK_FALSE(server.connect(client).resumed);
  CHECK_FALSE(server.connect(client, "127.0.0.1").resumed);
  CHECK(server.connect(client).resumed);
  CHECK(server.connect(client, "127.0.0.1").resumed);
  CHECK_FALSE(server.connect(client_context()).resumed);

  auto options = client_options();
  options.resume_sessions = false;
  const auto forgetful = client_context(options);
  CHECK_FALSE(server.connect(forgetful).resumed);
  CHECK_FALSE(server.connect(forgetful).resumed);

  auto without = server_options();
  without.resume_sessions = false;
  Server other(loop, server_context(without));
  CHECK_FALSE(other.connect(client).resumed);
  CHECK_FALSE(other.connect(client).resumed);
  server.close();
  other.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS reload: new connections get the new certificate, open ones go on") {
  TestLoop loop;
  const auto context = server_context();
  Server server(loop, context);
  const auto client = client_context();
  TlsPair open(loop, client, context);
  open.open();
  CHECK(server.connect(client).client_sees == "server");

  const Certificate renewed({.common_name = "renewed", .names = {"DNS:localhost"}}, test_ca().ca);
  auto options = server_options();
  options.key_pair.key.text = test_ca().client.key_pem();
  CHECK(context->reload(options).code() == net::Errc::kTlsConfig);
  CHECK(server.connect(client).client_sees == "server");  // nothing has changed
  REQUIRE_THAT(context->reload({.key_pair = key_pair_of(renewed)}), IsSuccess());
  const auto after = server.connect(client);
  CHECK_FALSE(after.resumed);  // a ticket of the old one is not accepted
  CHECK(after.client_sees == "renewed");

  RawPeer client_end(std::move(open.client.transport));
  RawPeer server_end(std::move(open.server.transport));
  server_end.start_reading();
  client_end.send("still here");
  REQUIRE(loop.run_until([&] { return server_end.received() == "still here"; }));
  client_end.close();
  server_end.close();
  server.close();
  REQUIRE(loop.run_out());
}
