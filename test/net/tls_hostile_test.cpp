// Peers that know TLS well and use it to do harm.

#include <openssl/err.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/mentions.h"
#include "support/openssl_peer.h"
#include "support/raw_peer.h"
#include "support/tls_pair.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using test::OpensslPeer;
using test::PipePair;
using test::RawPeer;
using test::TestLoop;

namespace {

/// Our server's end of a connection with such a peer.
struct Hostile {
  PipePair pipe;
  OpensslPeer peer;
  test::HandshakeResult server;

  Hostile(TestLoop& loop, int version) : pipe(loop.get()), peer(loop, pipe, version) {
    net::tls_accept(std::move(pipe.server), test::server_context(), test::kDeadline,
                    server.handler());
    REQUIRE(loop.run_until([&] {
      peer.take();
      peer.handshake();
      return peer.send() && server.done && SSL_is_init_finished(peer.ssl()) == 1;
    }));
    REQUIRE(server.transport);
  }
};

}  // namespace

TEST_CASE("TLS hostile: KeyUpdates without end, whose answers nobody takes, fill no memory") {
  TestLoop loop;
  Hostile hostile(loop, TLS1_3_VERSION);
  net::Transport& transport = *hostile.server.transport;
  // Some 27 bytes each, and as many for each answer: 2.7 MB either way.
  constexpr int kUpdates = 100000;
  constexpr std::size_t kMost = 256 * 1024;
  hostile.pipe.down->capacity = 1000;
  hostile.pipe.up->capacity = 64 * 1024;
  std::size_t received = 0;
  bool ended = false;
  transport.set_read_handlers([&](Bytes bytes) { received += bytes.size(); },
                              [&](const Error&) { ended = true; });
  transport.start_reading();
  // A server that has something to say must answer each KeyUpdate before it.
  const bool server_writes = GENERATE(false, true);
  CAPTURE(server_writes);
  const std::string word = "x";
  const Bytes bytes = bytes_of(word);
  std::size_t most = 0;
  int sent = 0;
  bool taken = true;
  for (; sent < kUpdates && taken; ++sent) {
    REQUIRE(SSL_key_update(hostile.peer.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
    hostile.peer.handshake();
    taken = hostile.peer.send();
    if (sent % 100 == 0) {
      if (server_writes) (void)transport.try_write(std::span(&bytes, 1));
      loop.run_turns(1);
    }
    most = std::max(most, transport.unacknowledged());
  }
  INFO(sent << " KeyUpdates were taken; " << most << " bytes of answers waited at most");
  CHECK(most > 0);  // or nothing was shown
  CHECK(most < kMost);
  CHECK(received == 0);
  // Nothing was lost by it: once the answers are taken, the connection goes on.
  REQUIRE_FALSE(ended);
  hostile.pipe.down->capacity = 1024 * 1024;
  std::string heard;
  const int length = SSL_write(hostile.peer.ssl(), "alive", 5);
  CHECK(length == 5);
  const std::string answer = "too";
  const Bytes answer_bytes = bytes_of(answer);
  bool answered = false;
  for (int turns = 0; turns < 10000 && !heard.ends_with(answer); ++turns) {
    hostile.peer.take();
    heard += hostile.peer.read();
    hostile.peer.send();
    loop.run_turns(1);
    if (received < 5 || answered) continue;
    const auto count = transport.try_write(std::span(&answer_bytes, 1));
    answered = count && *count == answer.size();
  }
  CHECK(received == 5);
  CHECK(heard.ends_with(answer));
  transport.close({});
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS hostile: renegotiation is refused") {
  TestLoop loop;
  Hostile hostile(loop, TLS1_2_VERSION);
  RawPeer server(std::move(hostile.server.transport));
  server.start_reading();
  REQUIRE(SSL_renegotiate(hostile.peer.ssl()) == 1);
  bool refused = false;
  unsigned long reason = 0;
  REQUIRE(loop.run_until([&] {
    hostile.peer.take();
    if (hostile.peer.handshake()) return true;
    if (SSL_get_error(hostile.peer.ssl(), -1) == SSL_ERROR_SSL) {
      reason = ERR_peek_error();
      refused = true;
    }
    hostile.peer.send();
    return refused;
  }));
  REQUIRE(refused);
  CHECK(ERR_GET_REASON(reason) == SSL_R_NO_RENEGOTIATION);
  net::clear_openssl_errors();
  // The peer's OpenSSL gives up at that, with an alert, which ends our side too.
  REQUIRE(loop.run_until([&] { return server.ended(); }));
  CHECK(server.end().code() == net::Errc::kTlsProtocol);
  CHECK(test::mentions(server.end().message(), {"alert handshake failure"}));
  server.close();
  REQUIRE(loop.run_out());
}
