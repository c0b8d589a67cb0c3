#include "uvspdy/httpstream/transport_ends.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "support/connected_pair.h"
#include "support/hand_ends.h"
#include "support/patterned_text.h"
#include "support/pipe_transport.h"
#include "support/raw_peer.h"
#include "support/tcp_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/pump.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/session/error.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::HandSink;
using test::HandSource;
using test::IsSuccess;
using test::patterned_text;
using test::PipePair;
using test::RawPeer;
using test::TcpPair;
using test::TestLoop;
using namespace std::chrono_literals;

namespace {

const Error kWhy(session::Errc::kStreamReset, "why");

/// The ends of a transport without a pump, and what they have said.
struct Ends {
  std::unique_ptr<Source> source;
  std::unique_ptr<Sink> sink;
  std::string data;
  int rooms = 0;
  std::optional<Error> end;
  std::optional<Error> over;

  explicit Ends(std::unique_ptr<net::Transport> transport, TransportEndsOptions options = {}) {
    TransportEnds ends = ends_of(std::move(transport), options);
    source = std::move(ends.source);
    sink = std::move(ends.sink);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  void start_sink() {
    sink->start([this] { ++rooms; },
                [this](const Error& error) {
                  CHECK_FALSE(over);
                  over = error;
                });
  }
  void start_source() {
    source->start([this](const Piece& piece) { data += text_of(piece.bytes()); },
                  [this](const Error& error) {
                    CHECK_FALSE(end);
                    end = error;
                  });
  }
  void start() {
    start_sink();
    start_source();
    CHECK_FALSE(over);
    CHECK_FALSE(end);
  }
  bool write(std::string text) const { return sink->write(Piece(Buffer(std::move(text)))); }

  /// Writes until there is no room; all that was written.
  std::string fill() const {
    std::string all;
    do {
      all += patterned_text(100000, all.size());
    } while (write(all.substr(all.size() - 100000)));
    return all;
  }
};

/// Lets so much time pass.
void pass(TestLoop& loop, std::chrono::milliseconds time) {
  bool passed = false;
  net::Timer timer(loop.get(), [&passed] { passed = true; });
  timer.start(time);
  REQUIRE(loop.run_until([&] { return passed; }));
}

/// What a PipePair's far end has got.
struct PipeReader {
  std::unique_ptr<net::Transport> transport;
  std::string received;
  bool ended = false;

  explicit PipeReader(std::unique_ptr<net::Transport> given) : transport(std::move(given)) {
    transport->set_read_handlers([this](Bytes bytes) { received += text_of(bytes); },
                                 [this](const Error&) { ended = true; });
    transport->start_reading();
  }
};

}  // namespace

TEST_CASE("Transport ends: two transports joined by pumps, both ways, each end by itself") {
  TestLoop loop;
  TcpPair left(loop);
  TcpPair right(loop);
  RawPeer client(std::move(left.client));
  RawPeer server(std::move(right.server));
  client.start_reading();
  server.start_reading();
  int done = 0;
  TransportEnds near = ends_of(std::move(left.server));
  TransportEnds far = ends_of(std::move(right.client));
  const auto count = [&done](const Error& error) {
    CHECK_THAT(error, IsSuccess());
    ++done;
  };
  Pump::start(std::move(near.source), std::move(far.sink), count);
  Pump::start(std::move(far.source), std::move(near.sink), count);

  const std::string up = patterned_text(3000000, 1);
  const std::string down = patterned_text(5000000, 2);
  client.send(up);
  REQUIRE(loop.run_until([&] { return server.received().size() == up.size(); }));
  client.shut_down();
  REQUIRE(loop.run_until([&] { return server.ended() && done == 1; }));
  CHECK_FALSE(client.ended());
  server.send(down);
  REQUIRE(loop.run_until([&] { return client.received().size() == down.size(); }));
  server.shut_down();
  REQUIRE(loop.run_until([&] { return client.ended() && done == 2; }));
  CHECK_THAT(client.end(), IsSuccess());
  CHECK_THAT(server.end(), IsSuccess());
  CHECK(server.received() == up);
  CHECK(client.received() == down);
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: a break goes through a pump as a break, behind what came before") {
  TestLoop loop;
  TcpPair left(loop);
  TcpPair right(loop);
  RawPeer client(std::move(left.client));
  RawPeer server(std::move(right.server));
  client.start_reading();
  server.start_reading();
  std::optional<Error> up;
  std::optional<Error> down;
  TransportEnds near = ends_of(std::move(left.server));
  TransportEnds far = ends_of(std::move(right.client));
  Pump::start(std::move(near.source), std::move(far.sink), [&](const Error& error) { up = error; });
  Pump::start(std::move(far.source), std::move(near.sink),
              [&](const Error& error) { down = error; });
  server.send("half an answer");
  REQUIRE(loop.run_until([&] { return !client.received().empty(); }));
  server.vanish();
  REQUIRE(loop.run_until([&] { return up && down && client.ended(); }));
  CHECK(client.received() == "half an answer");
  CHECK(client.end().code().value() == UV_ECONNRESET);
  CHECK(up->code().value() == UV_ECONNRESET);
  CHECK(down->code().value() == UV_ECONNRESET);
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: what the transport does not take is kept, and then there is room") {
  TestLoop loop;
  PipePair pipe(loop.get());
  pipe.up->capacity = 10;
  Ends ends(std::move(pipe.client));
  ends.start();
  std::string lent = "0123456789abcdef";
  CHECK_FALSE(ends.sink->write(Piece(bytes_of(lent))));
  lent.assign(lent.size(), 'x');
  CHECK_FALSE(ends.write("more"));  // taken all the same
  loop.run_turns(10);
  CHECK(ends.rooms == 0);
  PipeReader far(std::move(pipe.server));
  REQUIRE(loop.run_until([&] { return ends.rooms == 1; }));
  CHECK(ends.write("last"));
  ends.sink->end();
  CHECK(ends.write("behind the end"));  // dropped
  REQUIRE(loop.run_until([&] { return far.ended && ends.over; }));
  CHECK(far.received == "0123456789abcdefmorelast");
  CHECK_THAT(*ends.over, IsSuccess());
  CHECK_FALSE(pipe.up->overwritten);
  CHECK_FALSE(ends.end);
  far.transport->shutdown({});
  REQUIRE(loop.run_until([&] { return ends.end.has_value(); }));
  CHECK_THAT(*ends.end, IsSuccess());
  REQUIRE(loop.run_out());  // the transport has closed by itself
}

TEST_CASE("Transport ends: a paused source says nothing, the end included") {
  TestLoop loop;
  PipePair pipe(loop.get());
  Ends ends(std::move(pipe.client));
  ends.start();
  PipeReader far(std::move(pipe.server));
  ends.source->pause();
  const Bytes bytes = bytes_of("hello");
  REQUIRE_THAT(far.transport->try_write(std::span(&bytes, 1)), IsSuccess());
  far.transport->shutdown({});
  SECTION("of the peer") {}
  SECTION("of the connection") {
    ends.sink->break_off(kWhy);
    REQUIRE(loop.run_until([&] { return ends.over.has_value(); }));
  }
  loop.run_turns(20);
  CHECK(ends.data.empty());
  CHECK_FALSE(ends.end);
  ends.source->resume();
  CHECK_FALSE(ends.end);
  REQUIRE(loop.run_until([&] { return ends.end.has_value(); }));
  CHECK(ends.data == (ends.over ? "" : "hello"));
  CHECK(static_cast<bool>(*ends.end) == ends.over.has_value());
  if (!ends.over) ends.sink->end();
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: a break waits until the peer's side has what was written") {
  TestLoop loop;
  TcpPair tcp(loop);
  RawPeer peer(std::move(tcp.server));
  Ends ends(std::move(tcp.client));
  ends.start();
  // Kept here, and in the sockets, far more than a reset lets through.
  const std::string all = ends.fill();
  ends.sink->break_off(kWhy);
  loop.run_turns(20);
  CHECK_FALSE(ends.over);
  peer.start_reading();
  REQUIRE(loop.run_until([&] { return peer.ended() && ends.over && ends.end; }));
  CHECK(peer.received() == all);
  CHECK(peer.end().code().value() == UV_ECONNRESET);
  CHECK(ends.over->message() == "why");
  CHECK(ends.end->message() == "why");
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: when only writing fails, the peer's last words are read") {
  TestLoop loop;
  TcpPair tcp(loop);
  RawPeer peer(std::move(tcp.server));
  Ends ends(std::move(tcp.client));
  ends.start();
  ends.source->pause();
  const std::string all = ends.fill();
  // Closing a socket with unread bytes resets the connection behind the answer.
  peer.send("413 Content Too Large");
  peer.close();
  REQUIRE(loop.run_until([&] { return ends.over.has_value(); }));
  CHECK(ends.over->code().category() == net::uv_category());
  CHECK_FALSE(ends.end);
  CHECK(ends.write("dropped"));
  ends.sink->end();
  ends.sink->break_off(kWhy);
  ends.source->resume();
  REQUIRE(loop.run_until([&] { return ends.end.has_value(); }));
  CHECK(ends.data == "413 Content Too Large");
  CHECK(ends.end->code().category() == net::uv_category());  // no end in order
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: a transport that fails at once says so later") {
  TestLoop loop;
  PipePair pipe(loop.get());
  const auto transport = pipe.client.get();
  Ends ends(std::move(pipe.client));
  ends.start();
  transport->shutdown({});
  CHECK(ends.write("too late"));
  CHECK_FALSE(ends.over);
  REQUIRE(loop.run_until([&] { return ends.over.has_value(); }));
  CHECK(ends.over->code().value() == UV_EPIPE);
  CHECK_FALSE(ends.end);
  pipe.server->shutdown({});
  REQUIRE(loop.run_until([&] { return ends.end.has_value(); }));
  CHECK(ends.end->code().value() == UV_EPIPE);
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: a source that is discarded holds up nobody") {
  TestLoop loop;
  TcpPair tcp(loop);
  RawPeer peer(std::move(tcp.server));
  peer.start_reading();
  Ends ends(std::move(tcp.client));
  const bool started = GENERATE(false, true);
  ends.start_sink();
  if (started) {
    ends.start_source();
    ends.source->pause();
  }
  const bool destroyed = GENERATE(false, true);
  destroyed ? ends.source.reset() : ends.source->discard();
  peer.send(patterned_text(20000000));
  peer.send("the last");
  REQUIRE(loop.run_until([&] { return peer.sent_all(); }));
  CHECK(ends.write("goes on"));
  ends.sink->end();
  REQUIRE(loop.run_until([&] { return peer.ended() && ends.over; }));
  CHECK(peer.received() == "goes on");
  CHECK_THAT(peer.end(), IsSuccess());
  CHECK_THAT(*ends.over, IsSuccess());
  CHECK(ends.data.empty());
  CHECK_FALSE(ends.end);
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: a sink that is destroyed aborts the transport") {
  TestLoop loop;
  TcpPair tcp(loop);
  RawPeer peer(std::move(tcp.server));
  Ends ends(std::move(tcp.client));
  ends.start();
  const int how = GENERATE(0, 1, 2);
  if (how > 0) ends.fill();
  if (how == 1) ends.sink->end();
  if (how == 2) ends.sink->break_off(kWhy);
  ends.sink.reset();
  CHECK_FALSE(ends.end);
  peer.start_reading();
  REQUIRE(loop.run_until([&] { return peer.ended() && ends.end; }));
  CHECK(peer.end().code().value() == UV_ECONNRESET);
  CHECK(ends.end->code().value() == UV_ECANCELED);
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: a peer that takes nothing is given up when all is waiting for it") {
  TestLoop loop;
  PipePair pipe(loop.get());
  pipe.up->capacity = 10;
  Ends ends(std::move(pipe.client), {.flush_timeout = 20ms});
  ends.start();
  CHECK_FALSE(ends.write(patterned_text(3000)));
  // Before that it may be as slow as it likes, also behind our own end.
  const int how = GENERATE(0, 1, 2, 3, 4);
  INFO(how);
  if (how < 2) ends.sink->end();
  pass(loop, 60ms);
  CHECK_FALSE(ends.over);
  if (how == 0 || how == 2) pipe.server->shutdown({});
  if (how == 1 || how == 3) ends.source->discard();
  if (how == 4) ends.sink->break_off(kWhy);
  REQUIRE(loop.run_until([&] { return ends.over.has_value(); }));
  CHECK(ends.over->code() == net::Errc::kTimeout);
  CHECK(ends.over->message() == "pipe took nothing for 20 ms; what was left for it is lost");
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: a peer that takes some is not given up") {
  TestLoop loop;
  PipePair pipe(loop.get());
  pipe.up->capacity = 10;
  constexpr auto kTimeout = 1000ms;
  Ends ends(std::move(pipe.client), {.flush_timeout = kTimeout});
  ends.start();
  CHECK_FALSE(ends.write(patterned_text(120)));
  ends.sink->break_off(kWhy);
  // Ten bytes at a time, in all for longer than it may take nothing.
  const auto begin = std::chrono::steady_clock::now();
  std::string received;
  while (!ends.over) {
    received += std::exchange(pipe.up->data, {});
    if (pipe.up->writer != nullptr) pipe.up->writer->schedule();
    pass(loop, kTimeout / 10);
  }
  received += pipe.up->data;
  CHECK(std::chrono::steady_clock::now() - begin > kTimeout);
  CHECK(received == patterned_text(120));
  CHECK(ends.over->message() == "why");
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: a break takes its time, but not for ever") {
  TestLoop loop;
  PipePair pipe(loop.get());
  pipe.up->capacity = 10;
  Ends ends(std::move(pipe.client), {.flush_timeout = 40ms});
  ends.start();
  CHECK_FALSE(ends.write(patterned_text(10000000)));
  ends.sink->break_off(kWhy);
  // A few bytes now and then would keep it for days.
  int taken = 0;
  while (!ends.over && taken < 5000) {
    taken += !std::exchange(pipe.up->data, {}).empty();
    if (pipe.up->writer != nullptr) pipe.up->writer->schedule();
    pass(loop, 1ms);
  }
  REQUIRE(ends.over);
  CHECK(ends.over->code() == net::Errc::kTimeout);
  ends.sink.reset();
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: a peer that goes while nothing is read is noticed") {
  TestLoop loop;
  // A local socket shows that its peer has closed, be it in order. It is looked at first.
  auto sockets = test::connected_pair(AF_UNIX);
  RawPeer closes(test::transport_over(loop, std::move(sockets[1])));
  Ends local(test::transport_over(loop, std::move(sockets[0])));
  local.start();
  local.source->pause();
  closes.send("all of it");
  REQUIRE(loop.run_until([&] { return closes.sent_all(); }));
  closes.close();

  TcpPair paused_pair(loop);
  RawPeer talks(std::move(paused_pair.server));
  Ends paused(std::move(paused_pair.client));
  paused.start();
  paused.source->pause();
  talks.send("last words");
  REQUIRE(loop.run_until([&] { return talks.sent_all(); }));

  TcpPair ended_pair(loop);
  RawPeer ends_first(std::move(ended_pair.server));
  Ends ended(std::move(ended_pair.client));
  ended.start();
  ends_first.shut_down();
  REQUIRE(loop.run_until([&] { return ended.end.has_value(); }));

  talks.vanish();
  ends_first.vanish();
  REQUIRE(loop.run_until([&] { return paused.over && ended.over; }));
  CHECK(ended.over->code().value() == UV_ECONNRESET);
  CHECK(paused.over->code().value() == UV_ECONNRESET);
  CHECK_FALSE(paused.end);
  paused.source->resume();
  REQUIRE(loop.run_until([&] { return paused.end.has_value(); }));
  CHECK_FALSE(local.over);
  local.source->resume();
  REQUIRE(loop.run_until([&] { return local.end.has_value(); }));
  CHECK(local.data == "all of it");
  CHECK_THAT(*local.end, IsSuccess());
  local.sink.reset();

  CHECK(paused.data == "last words");
  CHECK(paused.end->code().value() == UV_ECONNRESET);
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: both may be dropped in each of their handlers") {
  TestLoop loop;
  TcpPair tcp(loop);
  RawPeer peer(std::move(tcp.server));
  TransportEnds ends = ends_of(std::move(tcp.client));
  const int where = GENERATE(0, 1, 2, 3);
  const bool sink_first = GENERATE(false, true);
  int dropped = 0;
  const auto drop = [&](int here) {
    if (here != where) return;
    ++dropped;
    if (sink_first) ends.sink.reset();
    ends.source.reset();
    ends.sink.reset();
  };
  ends.sink->start([&] { drop(0); }, [&](const Error&) { drop(1); });
  ends.source->start([&](const Piece&) { drop(2); }, [&](const Error&) { drop(3); });
  while (ends.sink->write(Piece(Buffer(patterned_text(1000000))))) {
  }
  peer.start_reading();
  peer.send("hello");
  if (where == 1) ends.sink->end();
  if (where == 3) peer.shut_down();
  REQUIRE(loop.run_until([&] { return dropped > 0 && peer.ended(); }));
  CHECK(dropped == 1);
  REQUIRE(loop.run_out());
}

TEST_CASE("Transport ends: what is kept is freed when all is in order") {
  TestLoop loop;
  PipePair pipe(loop.get());
  pipe.up->capacity = 10;
  auto ends = std::make_unique<Ends>(std::move(pipe.client));
  ends->start();
  const std::string text = "0123456789abcdef";
  std::shared_ptr<const void> drops_everything(text.data(), [&](const void*) { ends.reset(); });
  const int how = GENERATE(0, 1, 2);
  CHECK_FALSE(ends->sink->write(Piece(Buffer(bytes_of(text), std::move(drops_everything)))));
  if (how == 0) {
    pipe.up->capacity = 100;
    pipe.up->writer->schedule();
  }
  if (how == 1) ends->sink.reset();
  if (how == 2) ends.reset();
  REQUIRE(loop.run_until([&] { return ends == nullptr; }));
  REQUIRE(loop.run_out());
}
