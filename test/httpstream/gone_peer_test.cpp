// A peer that goes while its bytes are not read: it is noticed all the same, and what it sent
// before it went is not lost.

#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "support/connected_pair.h"
#include "support/frame_writer.h"
#include "support/patterned_text.h"
#include "support/pipe_transport.h"
#include "support/spdy_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/transport_ends.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using session::Errc;
using test::IsSuccess;
using test::RawPeer;
using test::TestLoop;

namespace {

using StreamPtr = std::shared_ptr<Stream>;

// So little, and so much is sent, that a part of it stays in the socket, and fits.
constexpr std::size_t kStreamBuffer = 20 * 1000;
constexpr std::size_t kSent = 120 * 1000;

/// A server's connection that is not read, because nobody takes the bytes of its one stream; and
/// its peer, played by hand, whose last bytes stand in the socket.
struct Unread {
  std::string text = test::patterned_text(kSent);
  std::shared_ptr<Connection> connection;
  std::unique_ptr<RawPeer> peer;
  StreamPtr stream;
  std::string received;
  std::optional<Error> sent;
  std::optional<Error> ended;
  std::optional<Error> closed;

  Unread(TestLoop& loop, int family) {
    auto pair = test::connected_pair(family);
    ConnectionOptions options = test::patient_options();
    options.session.flow_control = session::FlowControl::kNone;
    options.session.limits.stream_buffer = kStreamBuffer;
    connection = Connection::create(test::transport_over(loop, std::move(pair[0])),
                                    session::Role::kServer, std::move(options));
    connection->on_close([this](const Error& error) { closed = error; });
    connection->on_new_stream([this](StreamPtr created, StreamDecision decision) {
      stream = std::move(created);
      stream->on_sent([this](const Error& error) { sent = error; });
      decision.accept();
    });
    peer = std::make_unique<RawPeer>(test::transport_over(loop, std::move(pair[1])));
    peer->start_reading();
    test::FrameWriter writer;
    peer->send(writer.bytes(wire::SynStreamFrame{.stream_id = 1}));
    REQUIRE(loop.run_until([this] { return !peer->received().empty(); }));
    // Nothing comes behind the read that is the last, and nothing else makes a turn.
    loop.run_turns(5);
    peer->send(writer.data(1, text, true));
    REQUIRE(loop.poll_until([this] {
      return peer->sent_all() && peer->unacknowledged() == 0 &&
             connection->stats().held_bytes > kStreamBuffer;
    }));
    CHECK(connection->stats().held_bytes < text.size());
  }
  Unread(const Unread&) = delete;
  Unread& operator=(const Unread&) = delete;

  void read() {
    stream->on_data([this](Bytes bytes) { received += text_of(bytes); });
    stream->on_end([this](const Error& error) { ended = error; });
  }
};

/// What a system is asked, and says.
struct System {
  int asked = 0;
  std::size_t unacknowledged = 0;
  Error gone{};
};

/// Passes everything on but what is asked of the system.
class WatchedTransport final : public net::Transport {
 public:
  WatchedTransport(std::unique_ptr<net::Transport> lower, System& system)
      : lower_(std::move(lower)), system_(system) {}

  void set_read_handlers(ReadHandler on_read, EndHandler on_end) override {
    lower_->set_read_handlers(std::move(on_read), std::move(on_end));
  }
  void start_reading() override { lower_->start_reading(); }
  void stop_reading() override { lower_->stop_reading(); }
  Result<std::size_t> try_write(std::span<const Bytes> spans) override {
    return lower_->try_write(spans);
  }
  void write(std::span<const Bytes> spans, WriteHandler handler) override {
    lower_->write(spans, std::move(handler));
  }
  void shutdown(DoneHandler handler) override { lower_->shutdown(std::move(handler)); }
  std::size_t unacknowledged() const override {
    ++system_.asked;
    return system_.unacknowledged;
  }
  void close(CloseHandler handler) override { lower_->close(std::move(handler)); }
  Error check_peer() const override {
    ++system_.asked;
    return system_.gone;
  }
  std::string peer() const override { return lower_->peer(); }
  uv_loop_t* loop() const override { return lower_->loop(); }

 private:
  std::unique_ptr<net::Transport> lower_;
  System& system_;
};

}  // namespace

TEST_CASE("Connection: a peer that goes while nothing is read is noticed, and loses nothing") {
  TestLoop loop;
  Unread tcp(loop, AF_INET);
  Unread local(loop, AF_UNIX);
  tcp.peer->vanish();
  local.peer->close();
  REQUIRE(loop.run_until([&] { return tcp.sent && local.sent; }));
  for (Unread* unread : {&tcp, &local}) {
    CHECK(unread->sent->code() == Errc::kConnectionLost);
    CHECK_FALSE(unread->closed);
    unread->read();
    REQUIRE(loop.run_until([&] { return unread->closed.has_value(); }));
    CHECK((unread->received == unread->text));
    REQUIRE(unread->ended);
    CHECK_THAT(*unread->ended, IsSuccess());  // the peer's FIN stands behind it
    CHECK(unread->closed->code() == Errc::kConnectionLost);
  }
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: a write that fails takes nothing from a reader that has paused") {
  TestLoop loop;
  const int family = GENERATE(AF_UNIX, AF_INET);
  Unread unread(loop, family);
  family == AF_UNIX ? unread.peer->close() : unread.peer->vanish();
  loop.run_turns(20);
  CHECK_FALSE(unread.sent);
  CHECK_THAT(unread.stream->write(Buffer::copy_of("is somebody there?")), IsSuccess());
  REQUIRE(loop.run_until([&] { return unread.sent.has_value(); }));
  CHECK(unread.sent->code() == Errc::kConnectionLost);
  unread.read();
  REQUIRE(loop.run_until([&] { return unread.closed.has_value(); }));
  CHECK((unread.received == unread.text));
  REQUIRE(unread.ended);
  CHECK_THAT(*unread.ended, IsSuccess());
  CHECK(unread.closed->code() == Errc::kConnectionLost);
  REQUIRE(loop.run_out());
}

TEST_CASE("Connection: a turn asks the system nothing") {
  TestLoop loop;
  test::PipePair pipe(loop.get());
  System system;
  const auto client = Connection::create(
      std::make_unique<WatchedTransport>(std::move(pipe.client), system), session::Role::kClient);
  const auto server = Connection::create(std::move(pipe.server), session::Role::kServer);
  int answered = 0;
  for (int i = 0; i < 200; ++i) {
    client->ping([&](Result<std::chrono::nanoseconds>) { ++answered; });
    REQUIRE(loop.run_until([&] { return answered > i; }));
  }
  // Every five seconds it may.
  CHECK(system.asked < 20);
  client->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("A peer that has only fallen silent is given up, though reading finds no end") {
  TestLoop loop;
  System system;
  system.unacknowledged = 1;
  system.gone = Error(std::error_code(UV_ETIMEDOUT, net::uv_category()), "silent");

  test::PipePair pipe(loop.get());
  const auto connection =
      Connection::create(std::make_unique<WatchedTransport>(std::move(pipe.client), system),
                         session::Role::kClient, test::patient_options());
  std::optional<Error> closed;
  connection->on_close([&](const Error& error) { closed = error; });

  test::PipePair other_pipe(loop.get());
  TransportEnds ends =
      ends_of(std::make_unique<WatchedTransport>(std::move(other_pipe.client), system));
  std::optional<Error> ended;
  std::optional<Error> over;
  ends.sink->start({}, [&](const Error& error) { over = error; });
  ends.source->start({}, [&](const Error& error) { ended = error; });
  CHECK(ends.sink->write(Piece(Buffer::copy_of("is somebody there?"))));

  REQUIRE(loop.run_until([&] { return closed && ended && over; }));
  CHECK(closed->code() == Errc::kConnectionLost);
  CHECK(ended->code().value() == UV_ETIMEDOUT);
  CHECK(over->code().value() == UV_ETIMEDOUT);
  REQUIRE(loop.run_out());
}
