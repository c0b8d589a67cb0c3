// Backpressure both ways (promise 5 of the design), and that no stream stops another (7).

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/half_pair.h"
#include "support/hand_ends.h"
#include "support/outside_calls.h"
#include "support/patterned_text.h"
#include "support/spdy_pair.h"
#include "support/test_loop.h"
#include "uvspdy/httpstream/connection.h"
#include "uvspdy/httpstream/pump.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using test::HalfPair;
using test::IsSuccess;
using test::SpdyPair;
using test::TestLoop;

namespace {

using StreamPtr = std::shared_ptr<Stream>;

// A read of the transport on top of a limit.
constexpr std::size_t kOneRead = 64 * 1024;

// Of a side without flow control: with it the windows keep its peer from filling them.
ConnectionOptions small_buffers() {
  ConnectionOptions options = test::patient_options();
  options.session.flow_control = session::FlowControl::kNone;
  options.session.limits.stream_buffer = 100 * 1000;
  options.session.limits.connection_buffer = 250 * 1000;
  return options;
}

}  // namespace

TEST_CASE("Stream: data is held until an on_data handler is set, and then comes in order") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  bool ended = false;
  its->on_end([&](const Error&) { ended = true; });
  const std::string text = test::patterned_text(50000);
  CHECK_THAT(mine->write(Buffer(text.substr(0, 20000))), IsSuccess());
  CHECK_THAT(mine->write(Buffer(text.substr(20000))), IsSuccess());
  mine->close();
  REQUIRE(
      loop.run_until([&] { return pair.server.connection->stats().held_bytes == text.size(); }));
  loop.run_turns(5);
  CHECK_FALSE(ended);  // what arrived comes before the end
  std::string received;
  test::OutsideCalls outside;
  outside.during([&, stream = its] {
    stream->on_data([&](Bytes bytes) {
      CHECK(outside.holds());
      CHECK_FALSE(ended);
      received += text_of(bytes);
    });
  });
  CHECK(received.empty());
  REQUIRE(loop.run_until([&] { return ended; }));
  CHECK(received == text);
  REQUIRE(pair.close());
}

TEST_CASE("Stream: pause and resume, inside on_data too, and an empty handler pauses as well") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  const StreamPtr stream = its;
  std::string received;
  bool paused = false;
  bool ended = false;
  int pauses = 0;
  const bool by_handler = GENERATE(false, true);
  const auto on_data = [&](Bytes bytes) {
    CHECK_FALSE(paused);
    received += text_of(bytes);
    by_handler ? stream->on_data({}) : stream->pause();
    paused = true;
    ++pauses;
  };
  stream->on_end([&](const Error&) {
    CHECK(received.size() == 200000);
    ended = true;
  });
  stream->on_data(on_data);
  const std::string text = test::patterned_text(200000);
  for (std::size_t i = 0; i < text.size(); i += 10000) {
    CHECK_THAT(mine->write(Buffer(text.substr(i, 10000))), IsSuccess());
    loop.run_turns(2);
  }
  mine->close();
  while (!ended) {
    loop.run_turns(3);
    paused = false;
    by_handler ? stream->on_data(on_data) : stream->resume();
    REQUIRE(loop.run_until([&] { return paused || ended; }));
  }
  CHECK(received == text);
  CHECK(pauses > 1);
  REQUIRE(pair.close());
}

TEST_CASE("Stream: a paused reader holds its limit and one read, loses nothing, and catches up") {
  TestLoop loop;
  SpdyPair pair(loop, test::patient_options(), small_buffers());
  const auto [mine, its] = pair.stream();
  std::string received;
  bool ended = false;
  its->on_data([&](Bytes bytes) { received += text_of(bytes); });
  its->on_end([&](const Error&) { ended = true; });
  its->pause();
  // Past every buffer on the way.
  const std::string text = test::patterned_text(64 * 1024 * 1024);
  const StreamPtr writer = mine;
  std::size_t written = 0;
  std::function<void()> write_more = [&] {
    while (writer->writable() && written < text.size()) {
      const std::size_t size = std::min<std::size_t>(100000, text.size() - written);
      CHECK_THAT(writer->write(Buffer(text.substr(written, size))), IsSuccess());
      written += size;
    }
    if (written == text.size()) writer->close();
  };
  writer->on_writable(write_more);
  write_more();
  // Until nothing moves any more: the writer is held up, and all in between is full.
  std::size_t before = 0;
  do {
    before = written;
    loop.run_turns(50);
  } while (written != before);
  CHECK(written < text.size());
  CHECK(received.empty());
  CHECK_FALSE(writer->writable());
  const session::Stats stats = pair.server.connection->stats();
  CHECK(stats.held_bytes > small_buffers().session.limits.stream_buffer);
  CHECK(stats.held_bytes <= small_buffers().session.limits.stream_buffer + kOneRead);
  its->resume();
  REQUIRE(loop.run_until([&] { return ended; }));
  CHECK((received == text));
  CHECK(pair.server.connection->stats().held_bytes == 0);
  REQUIRE(pair.close());
}

TEST_CASE("Stream: a paused reader below its limit does not stop the other streams") {
  TestLoop loop;
  SpdyPair pair(loop, test::patient_options(), small_buffers());
  const auto [paused, paused_there] = pair.stream();
  const auto [busy, busy_there] = pair.stream();
  CHECK_THAT(paused->write(Buffer(std::string(90 * 1000, 'x'))), IsSuccess());
  std::size_t received = 0;
  busy_there->on_data([&](Bytes bytes) { received += bytes.size(); });
  const std::size_t size = 3 * 1000 * 1000;
  CHECK_THAT(busy->write(Buffer(test::patterned_text(size))), IsSuccess());
  REQUIRE(loop.run_until([&] { return received == size; }));
  REQUIRE(loop.run_until([&] { return pair.server.connection->stats().held_bytes == 90 * 1000; }));
  paused_there->reader().discard();  // what nobody takes would keep the connection
  CHECK(pair.server.connection->stats().held_bytes == 0);
  REQUIRE(pair.close());
}

TEST_CASE("Stream: paused readers together hold no more than Limits::connection_buffer") {
  TestLoop loop;
  SpdyPair pair(loop, test::patient_options(), small_buffers());
  std::vector<StreamPtr> writers;
  std::vector<StreamPtr> readers;
  std::size_t received = 0;
  constexpr std::size_t kEach = 90 * 1000;  // below the limit of a stream
  for (int i = 0; i < 6; ++i) {
    const auto [mine, its] = pair.stream();
    writers.push_back(mine);
    readers.push_back(its);
  }
  for (const StreamPtr& writer : writers)
    CHECK_THAT(writer->write(Buffer(std::string(kEach, 'x'))), IsSuccess());
  REQUIRE(loop.run_until([&] {
    return pair.server.connection->stats().held_bytes >
           small_buffers().session.limits.connection_buffer;
  }));
  loop.run_turns(50);
  CHECK(pair.server.connection->stats().held_bytes <=
        small_buffers().session.limits.connection_buffer + kOneRead);
  for (const StreamPtr& reader : readers) {
    reader->on_data([&](Bytes bytes) { received += bytes.size(); });
  }
  REQUIRE(loop.run_until([&] { return received == kEach * writers.size(); }));
  REQUIRE(pair.close());
}

TEST_CASE("Stream: resetting a paused reader past its limit lets the others go on") {
  TestLoop loop;
  SpdyPair pair(loop, test::patient_options(), small_buffers());
  const auto [paused, paused_there] = pair.stream();
  const auto [other, other_there] = pair.stream();
  std::string received;
  other_there->on_data([&](Bytes bytes) { received += text_of(bytes); });
  CHECK_THAT(paused->write(Buffer(std::string(10 * 1000 * 1000, 'x'))), IsSuccess());
  REQUIRE(loop.run_until([&] {
    return pair.server.connection->stats().held_bytes >
           small_buffers().session.limits.stream_buffer;
  }));
  CHECK_THAT(other->write(Buffer::copy_of("not stopped")), IsSuccess());
  paused_there->reset();
  CHECK(pair.server.connection->stats().held_bytes == 0);
  REQUIRE(loop.run_until([&] { return received == "not stopped"; }));
  REQUIRE(pair.close());
}

TEST_CASE(
    "Stream: writable turns false at the high-water mark, and on_writable says when it is not") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.limits.write_high_water = 1000 * 1000;
  HalfPair half(loop, session::Role::kClient, options);
  const StreamPtr stream = half.stream();
  half.peer->stop_reading();
  CHECK(stream->writable());
  test::OutsideCalls outside;
  int told = 0;
  stream->on_writable([&] {
    CHECK(outside.holds());
    CHECK(stream->writable());
    // Half of the mark, and what is on its way to the transport.
    CHECK(half.connection->stats().queued_bytes <= 500 * 1000 + 256 * 1024);
    ++told;
  });
  REQUIRE(loop.run_until([&] { return told == 1; }));  // there is room already
  CHECK_THAT(stream->write(Buffer(std::string(999 * 1000, 'x'))), IsSuccess());
  CHECK(stream->writable());
  CHECK_THAT(stream->write(Buffer(std::string(1000, 'x'))), IsSuccess());
  CHECK_FALSE(stream->writable());
  // Past the mark writing is still allowed: it queues.
  outside.during(
      [&] { CHECK_THAT(stream->write(Buffer(std::string(64 * 1024 * 1024, 'x'))), IsSuccess()); });
  loop.run_turns(20);
  CHECK(told == 1);
  CHECK_FALSE(stream->writable());
  half.peer->start_reading();
  REQUIRE(loop.run_until([&] { return told > 1; }));
  REQUIRE(loop.run_until([&] { return half.connection->stats().queued_bytes == 0; }));
  loop.run_turns(5);
  CHECK(told == 2);
  stream->on_writable({});
  half.connection->abort();
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Stream: on_writable_change tells of room that others have used up, and of its return") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.limits.connection_write_high_water = 1000 * 1000;
  options.session.limits.write_high_water = 10 * 1000 * 1000;
  HalfPair half(loop, session::Role::kClient, options);
  const StreamPtr busy = half.stream(1);
  const StreamPtr quiet = half.stream(3);
  const StreamPtr other = half.stream(5);
  half.peer->stop_reading();
  test::OutsideCalls outside;
  std::vector<bool> seen;
  quiet->on_writable_change([&] {
    CHECK(outside.holds());
    seen.push_back(quiet->writable());
  });
  int told_other = 0;
  other->on_writable([&] {
    CHECK(other->writable());
    ++told_other;
  });
  REQUIRE(loop.run_until([&] { return seen.size() == 1 && told_other == 1; }));
  outside.during(
      [&] { CHECK_THAT(busy->write(Buffer(std::string(64 * 1024 * 1024, 'x'))), IsSuccess()); });
  CHECK_FALSE(quiet->writable());
  REQUIRE(loop.run_until([&] { return seen.size() == 2; }));
  loop.run_turns(20);
  CHECK(told_other == 1);
  CHECK_FALSE(other->writable());
  half.peer->start_reading();
  REQUIRE(loop.run_until([&] { return seen.size() == 3 && told_other == 2; }));
  CHECK(seen == std::vector<bool>{true, false, true});
  other->on_writable({});
  half.connection->abort();
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Stream: pumps of a connection stop their sources at its limit, and all go on") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.limits.connection_write_high_water = 1000 * 1000;
  HalfPair half(loop, session::Role::kClient, options);
  constexpr std::size_t kStreams = 100;
  constexpr std::size_t kPiece = 60 * 1000;
  struct Pumped {
    test::HandSource::Record source;
    std::shared_ptr<Pump> pump;
    int pieces = 0;
  };
  std::vector<Pumped> all(kStreams);
  wire::StreamId id = 1;
  for (Pumped& each : all) {
    each.pump = Pump::start(std::make_unique<test::HandSource>(each.source),
                            sink_of(half.stream(id)->take_writer()), {});
    id += 2;
  }
  half.peer->stop_reading();
  // As sockets that always have something to read, one after the other.
  const std::string piece(kPiece, 'x');
  const auto give = [&] {
    bool any = false;
    for (Pumped& each : all) {
      if (each.source.paused) continue;
      ++each.pieces;
      each.source.on_data(Piece(bytes_of(piece)));
      any = true;
    }
    loop.run_turns(1);
    return any;
  };
  // Each may add one piece in the turn in which the limit is reached.
  while (give()) {
  }
  // What the kernel and the batch have taken is not queued any more.
  CHECK(half.connection->stats().queued_bytes <= 1000 * 1000 + kStreams * kPiece);
  CHECK(std::all_of(all.begin(), all.end(), [](const Pumped& each) { return each.pieces < 20; }));
  half.peer->start_reading();
  REQUIRE(loop.run_until([&] {
    give();
    return std::all_of(all.begin(), all.end(), [](const Pumped& each) { return each.pieces > 2; });
  }));
  for (Pumped& each : all) each.pump->give_up();
  half.connection->abort();
  half.peer->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Stream: many small buffers reach the high-water mark too") {
  TestLoop loop;
  ConnectionOptions options = test::patient_options();
  options.session.limits.write_buffers = 10;
  SpdyPair pair(loop, options);
  const auto [mine, its] = pair.stream();
  bool writable = false;
  for (int i = 0; i < 10; ++i) {
    CHECK(mine->writable());
    CHECK_THAT(mine->write(Buffer::copy_of("x")), IsSuccess());
  }
  CHECK_FALSE(mine->writable());
  mine->on_writable([&] { writable = true; });
  REQUIRE(loop.run_until([&] { return writable; }));
  its->reader().discard();
  REQUIRE(pair.close());
}

TEST_CASE("Stream: no copy is made of what is written, and its memory is freed once it has left") {
  TestLoop loop;
  SpdyPair pair(loop);
  const auto [mine, its] = pair.stream();
  const auto owner = std::make_shared<std::string>(test::patterned_text(100000));
  std::string received;
  its->on_data([&](Bytes bytes) { received += text_of(bytes); });
  CHECK_THAT(mine->write(Buffer(bytes_of(*owner), owner)), IsSuccess());
  CHECK(owner.use_count() > 1);
  REQUIRE(loop.run_until([&] { return received.size() == owner->size(); }));
  CHECK(received == *owner);
  REQUIRE(loop.run_until([&] { return owner.use_count() == 1; }));
  SECTION("also by a reset") {
    CHECK_THAT(mine->write(Buffer(bytes_of(*owner), owner)), IsSuccess());
    mine->reset();
    CHECK(owner.use_count() == 1);
  }
  SECTION("also with the connection") {
    CHECK_THAT(mine->write(Buffer(bytes_of(*owner), owner)), IsSuccess());
    pair.client.connection->abort();
    REQUIRE(loop.run_until([&] { return owner.use_count() == 1; }));
  }
  REQUIRE(pair.close());
}
