// A peer that ends its side may go on reading: what was accepted for it leaves all the same.

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "support/frame_lines.h"
#include "support/frame_writer.h"
#include "support/patterned_text.h"
#include "support/pipe_transport.h"
#include "support/raw_peer.h"
#include "support/spdy_pair.h"
#include "support/tls_pair.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::FrameReader;
using test::FrameWriter;
using test::IsSuccess;
using test::Lines;
using test::RawPeer;
using test::TestLoop;
using test::TlsPair;
using namespace std::chrono_literals;

namespace {

using StreamPtr = std::shared_ptr<Stream>;

/// The two ends of one connection, without TLS or with it.
struct Ends {
  std::unique_ptr<net::Transport> here;
  std::unique_ptr<net::Transport> there;

  static Ends tcp(TestLoop& loop) {
    test::TcpPair pair(loop);
    return {std::move(pair.client), std::move(pair.server)};
  }
  /// By TLS, over a pipe that holds so little that records wait in our own memory.
  static Ends tls(TestLoop& loop) {
    test::PipePair pipe(loop.get());
    pipe.up->capacity = 1000;
    TlsPair pair(loop, std::move(pipe));
    pair.open();
    return {std::move(pair.client.transport), std::move(pair.server.transport)};
  }
};

/// A client whose server is played by hand and has stopped reading once stream 1 is there.
struct Client {
  std::shared_ptr<Connection> connection;
  std::unique_ptr<RawPeer> peer;
  FrameWriter writer;
  StreamPtr stream;
  int closed = 0;
  Error close_error;

  Client(TestLoop& loop, Ends ends, session::FlowControl flow_control,
         ConnectionOptions options = test::patient_options()) {
    options.session.flow_control = flow_control;
    connection =
        Connection::create(std::move(ends.here), session::Role::kClient, std::move(options));
    connection->on_close([this](const Error& error) {
      ++closed;
      close_error = error;
    });
    peer = std::make_unique<RawPeer>(std::move(ends.there));
    peer->start_reading();
    connection->create_stream({}, [this](Result<StreamPtr> created) {
      CHECK_THAT(created, IsSuccess());
      if (created) stream = std::move(*created);
    });
    REQUIRE(loop.run_until([&] {
      const Lines frames = FrameReader().read(bytes_of(peer->received()));
      return !frames.empty() && frames.back().starts_with("SYN_STREAM 1 ");
    }));
    if (flow_control == session::FlowControl::kStandard) send(wire::SettingsFrame{});
    send(wire::SynReplyFrame{.stream_id = 1});
    REQUIRE(loop.run_until([&] { return stream != nullptr; }));
    peer->stop_reading();
  }

  template <class Frame>
  void send(const Frame& frame) {
    peer->send(writer.bytes(frame));
  }
};

/// The peer ends its side, and reads only when that has been seen.
void end_first_and_read_late(TestLoop& loop, Client& client) {
  client.peer->shut_down();
  loop.run_turns(20);
  CHECK_FALSE(client.connection->is_closed());
  client.peer->start_reading();
  REQUIRE(loop.run_until([&] { return client.peer->ended() && client.closed > 0; }));
  CHECK_THAT(client.peer->end(), IsSuccess());
  CHECK_THAT(client.close_error, IsSuccess());
  client.peer->close();
  REQUIRE(loop.run_out());
  CHECK(client.closed == 1);
}

}  // namespace

TEST_CASE("Connection: what was written before close arrives behind the peer's end, too") {
  TestLoop loop;
  const bool tls = GENERATE(true, false);
  const std::string text = test::patterned_text(tls ? 500'000 : 20'000'000);
  Client client(loop, tls ? Ends::tls(loop) : Ends::tcp(loop), session::FlowControl::kNone);
  CHECK_THAT(client.stream->write(Buffer(text)), IsSuccess());
  client.stream->close();
  client.connection->close();
  end_first_and_read_late(loop, client);
  FrameReader reader;
  CHECK(reader.read(bytes_of(client.peer->received())).back() == "GOAWAY 0 OK");
  CHECK((reader.payload(1) == text));
}

TEST_CASE("Connection: what was written last arrives behind the peer's end, lingering") {
  TestLoop loop;
  // With windows the GOAWAY goes ahead of the data, so that nothing is left to drain behind them.
  Client client(loop, Ends::tls(loop), session::FlowControl::kStandard);
  const std::string text = test::patterned_text(10'000);
  client.connection->shutdown();
  CHECK_THAT(client.stream->write(Buffer(text)), IsSuccess());
  client.stream->close();
  client.peer->send(client.writer.data(1, "", true));
  REQUIRE(loop.run_until([&] { return client.stream->is_closed(); }));
  end_first_and_read_late(loop, client);
  FrameReader reader;
  CHECK(reader.read(bytes_of(client.peer->received())).back() == "DATA 1 10000 bytes FIN");
  CHECK((reader.payload(1) == text));
}

TEST_CASE("Connection: with no stream open, the peer's end waits for what is on its way") {
  TestLoop loop;
  Client client(loop, Ends::tls(loop), session::FlowControl::kNone);
  const std::string text = test::patterned_text(10'000);
  CHECK_THAT(client.stream->write(Buffer(text)), IsSuccess());
  client.stream->close();
  client.peer->send(client.writer.data(1, "", true));
  REQUIRE(loop.run_until([&] { return client.stream->is_closed(); }));
  const bool ping = GENERATE(false, true);
  if (ping) client.send(wire::PingFrame{2});  // its answer is being written when the end comes
  end_first_and_read_late(loop, client);
  FrameReader reader;
  const Lines frames = reader.read(bytes_of(client.peer->received()));
  CHECK((reader.payload(1) == text));
  CHECK(std::count(frames.begin(), frames.end(), "PING 2") == (ping ? 1 : 0));
}

TEST_CASE("Connection: behind the peer's end nobody waits for a window") {
  TestLoop loop;
  Client client(loop, Ends::tcp(loop), session::FlowControl::kStandard);
  CHECK_THAT(client.stream->write(Buffer(std::string(1'000'000, 'x'))), IsSuccess());
  client.stream->close();
  client.connection->close();
  loop.run_turns(5);
  client.peer->shut_down();
  REQUIRE(loop.run_until([&] { return client.closed > 0; }));
  CHECK_THAT(client.close_error, IsSuccess());
  client.peer->start_reading();
  REQUIRE(loop.run_until([&] { return client.peer->ended(); }));
  FrameReader reader;
  reader.read(bytes_of(client.peer->received()));
  CHECK(reader.payload(1).size() == 64 * 1024);
  client.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: a peer that has ended and never reads holds up a close for a time only") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.close_timeout = 20ms;
  options.slow_reader_timeout = 60ms;
  Client client(loop, Ends::tls(loop), session::FlowControl::kNone, options);
  CHECK_THAT(client.stream->write(Buffer(test::patterned_text(500'000))), IsSuccess());
  client.connection->close();
  client.peer->shut_down();
  REQUIRE(loop.run_until([&] { return client.closed > 0; }));
  CHECK_THAT(client.close_error, IsSuccess());
  client.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: a peer that ends, and then goes with a reset, holds up no close") {
  TestLoop loop;
  Client client(loop, Ends::tcp(loop), session::FlowControl::kNone);
  CHECK_THAT(client.stream->write(Buffer(test::patterned_text(20'000'000))), IsSuccess());
  client.connection->close();
  client.peer->shut_down();
  loop.run_turns(20);
  CHECK(client.closed == 0);
  client.peer->vanish();
  REQUIRE(loop.run_until([&] { return client.closed > 0; }));
  CHECK_THAT(client.close_error, IsSuccess());
  REQUIRE(loop.run_out());
}
