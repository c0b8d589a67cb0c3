// What the wire may do to TLS: pieces of any size, an end at any byte, bytes that nobody sent.

#include <memory>
#include <string>
#include <utility>

#include "support/patterned_text.h"
#include "support/pipe_transport.h"
#include "support/raw_peer.h"
#include "support/tls_pair.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using net::Errc;
using test::client_context;
using test::IsSuccess;
using test::patterned_text;
using test::PipeDirection;
using test::PipePair;
using test::RawPeer;
using test::server_context;
using test::TestLoop;
using test::TlsPair;

namespace {

// The bytes of a whole handshake and one word each way, in one direction.
struct Sizes {
  std::size_t up = 0;
  std::size_t down = 0;
};

Sizes exchange(std::size_t read_size, std::size_t capacity, std::size_t payload) {
  TestLoop loop;
  PipePair pipe(loop.get());
  const auto up = pipe.up;
  const auto down = pipe.down;
  up->read_size = down->read_size = read_size;
  up->capacity = down->capacity = capacity;
  TlsPair pair(loop, std::move(pipe));
  pair.open();
  RawPeer client(std::move(pair.client.transport));
  RawPeer server(std::move(pair.server.transport));
  client.start_reading();
  server.start_reading();
  const std::string text = patterned_text(payload);
  client.send(text);
  server.send(text);
  REQUIRE(loop.run_until(
      [&] { return client.received().size() == payload && server.received().size() == payload; }));
  CHECK(client.received() == text);
  CHECK(server.received() == text);
  const Sizes sizes{up->passed, down->passed};
  client.shut_down();
  server.shut_down();
  REQUIRE(loop.run_until([&] { return client.ended() && server.ended(); }));
  CHECK_THAT(client.end(), IsSuccess());
  CHECK_THAT(server.end(), IsSuccess());
  client.close();
  server.close();
  REQUIRE(loop.run_out());
  return sizes;
}

/// A TLS connection over a pipe whose bytes the test may change.
struct WireTest {
  TestLoop loop;
  PipePair pipe{loop.get()};
  std::shared_ptr<PipeDirection> up = pipe.up;  ///< from the client to the server
  TlsPair pair{loop, std::move(pipe)};

  WireTest() { pair.open(); }
};

/// A TLS connection over such a pipe, whose two ends send and receive as the test says.
struct PeersTest : WireTest {
  RawPeer client{std::move(pair.client.transport)};
  RawPeer server{std::move(pair.server.transport)};
};

}  // namespace

TEST_CASE("TLS wire: byte by byte, and writes of one byte") {
  exchange(1, 1024 * 1024, 100);
  exchange(64 * 1024, 1, 100);
  exchange(1, 1, 100);
}

TEST_CASE("TLS wire: pieces and room of odd sizes") {
  for (const std::size_t size : {3u, 1009u, 5000u, 16409u, 40000u}) {
    exchange(size, 1024 * 1024, 100000);
    exchange(64 * 1024, size, 100000);
  }
}

TEST_CASE("TLS wire: cut at each byte, one way and the other") {
  const auto for_client = client_context();
  const auto for_server = server_context();
  const Sizes whole = exchange(64 * 1024, 1024 * 1024, 5);
  for (const bool cut_up : {true, false}) {
    // Signatures differ in length by a few bytes.
    const std::size_t most = (cut_up ? whole.up : whole.down) - 16;
    for (std::size_t cut = 0; cut < most; ++cut) {
      INFO((cut_up ? "up" : "down") << " cut at " << cut);
      TestLoop loop;
      PipePair pipe(loop.get());
      (cut_up ? pipe.up : pipe.down)->cut_after = cut;
      (cut_up ? pipe.up : pipe.down)->ended = cut == 0;
      test::HandshakeResult client;
      test::HandshakeResult server;
      net::tls_accept(std::move(pipe.server), for_server, test::kDeadline, server.handler());
      net::tls_connect(std::move(pipe.client), for_client, "localhost", test::kDeadline,
                       client.handler());
      // The cut is one way: whoever reads that way has to find out, and closing tells the other.
      auto& reader = cut_up ? server : client;
      auto& writer = cut_up ? client : server;
      REQUIRE(loop.run_until([&] { return reader.done; }));
      Error error = reader.error;
      if (reader.transport) {
        // Past the handshake: the cut is in the word behind it, or behind that.
        REQUIRE(loop.run_until([&] { return writer.done; }));
        const Bytes word = bytes_of("hello");
        if (writer.transport)
          CHECK_THAT(writer.transport->try_write(std::span(&word, 1)), IsSuccess());
        writer.transport.reset();
        RawPeer peer(std::move(reader.transport));
        peer.start_reading();
        REQUIRE(loop.run_until([&] { return peer.ended(); }));
        error = peer.end();
        peer.close();
        CHECK(error.code() == Errc::kTruncated);
      } else {
        CHECK(error.code() == Errc::kTlsHandshake);
        REQUIRE(loop.run_until([&] { return writer.done; }));
        CHECK((writer.transport || writer.error.code() == Errc::kTlsHandshake));
      }
      writer.transport.reset();
      REQUIRE(loop.run_out());
    }
  }
}

TEST_CASE_METHOD(PeersTest,
                 "TLS wire: an end without close_notify is truncation, and comes behind the data") {
  client.send("the last words");
  REQUIRE(loop.run_until([&] { return up->data.empty() || up->passed > 0; }));
  loop.run_turns(5);
  client.close();  // no shutdown before it
  loop.run_turns(5);
  CHECK_FALSE(server.ended());
  server.start_reading();
  REQUIRE(loop.run_until([&] { return server.ended(); }));
  CHECK(server.received() == "the last words");
  CHECK(server.end().code() == Errc::kTruncated);
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE_METHOD(
    PeersTest, "TLS wire: bytes that nobody sent end the connection, and the other side is told") {
  client.start_reading();
  server.start_reading();
  client.send("good");
  REQUIRE(loop.run_until([&] { return server.received() == "good"; }));
  const std::string forged = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  up->put(bytes_of(forged));
  REQUIRE(loop.run_until([&] { return server.ended() && client.ended(); }));
  CHECK(server.end().code() == Errc::kTlsProtocol);
  CHECK(client.end().code() == Errc::kTlsProtocol);
  CHECK_THAT(client.end().message(), Catch::Matchers::Contains("alert bad record mac"));
  client.close();
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE_METHOD(PeersTest, "TLS wire: what comes behind close_notify is nobody's") {
  client.shut_down();
  loop.run_turns(3);
  up->ended = false;
  up->put(bytes_of("garbage"));
  server.start_reading();
  REQUIRE(loop.run_until([&] { return server.ended(); }));
  CHECK_THAT(server.end(), IsSuccess());
  CHECK(server.received().empty());
  client.close();
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE_METHOD(WireTest, "TLS wire: small spans share records") {
  RawPeer server(std::move(pair.server.transport));
  server.start_reading();
  const std::string text = patterned_text(100 * 108);
  std::vector<Bytes> spans;
  for (std::size_t i = 0; i < 100; ++i) {
    spans.push_back(bytes_of(text).subspan(i * 108, 8));
    spans.push_back(bytes_of(text).subspan(i * 108 + 8, 100));
  }
  const std::size_t before = up->passed;
  const auto written = pair.client.transport->try_write(spans);
  REQUIRE_THAT(written, IsSuccess());
  CHECK(*written == text.size());
  CHECK(up->passed - before < text.size() + 50);  // one record
  REQUIRE(loop.run_until([&] { return server.received().size() == text.size(); }));
  CHECK(server.received() == text);
  pair.client.transport->close({});
  server.close();
  REQUIRE(loop.run_out());
}

TEST_CASE("TLS wire: TLS inside TLS") {
  TestLoop loop;
  TlsPair outer(loop);
  outer.open();
  struct Lower {
    std::unique_ptr<net::Transport> client;
    std::unique_ptr<net::Transport> server;
  };
  TlsPair inner(loop, Lower{std::move(outer.client.transport), std::move(outer.server.transport)});
  inner.open();
  RawPeer client(std::move(inner.client.transport));
  RawPeer server(std::move(inner.server.transport));
  client.start_reading();
  server.start_reading();
  const std::string text = patterned_text(3000000);
  client.send(text);
  server.send(text);
  REQUIRE(loop.run_until([&] {
    return client.received().size() == text.size() && server.received().size() == text.size();
  }));
  CHECK(client.received() == text);
  CHECK(server.received() == text);
  client.shut_down();
  REQUIRE(loop.run_until([&] { return server.ended(); }));
  CHECK_THAT(server.end(), IsSuccess());
  client.close();
  server.close();
  REQUIRE(loop.run_out());
}
