// No heap allocation for a DATA frame in the steady state. A program of its own: it replaces
// operator new.

#include "support/memory_count.h"
#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;

/// A handler that takes no memory: it counts, and says who may write.
class CountingHandler final : public session::Handler {
 public:
  std::size_t bytes = 0;
  std::size_t writable = 0;

  void on_stream(wire::SynStreamFrame&&) override {}
  void on_reply(wire::StreamId, Headers&&) override {}
  void on_headers(wire::StreamId, Headers&&) override {}
  void on_data(wire::StreamId, Bytes data) override { bytes += data.size(); }
  void on_received(wire::StreamId, const Error&) override {}
  void on_sent(wire::StreamId, const Error&) override {}
  void on_stream_closed(wire::StreamId, const Error&) override {}
  void on_writable(wire::StreamId) override { ++writable; }
  void on_reply_sent(wire::StreamId) override {}
  void on_settings(const wire::SettingsFrame&) override {}
  void on_pong(std::uint32_t, std::chrono::nanoseconds) override {}
  void on_goaway(const wire::GoAwayFrame&) override {}
};

/// A client with streams 1, 3, 5, 7 open, and what a loop around it does.
class Client {
 public:
  explicit Client(session::Options options = {})
      : session(Role::kClient, std::move(options), handler) {
    FrameWriter peer;
    for (wire::StreamId id = 1; id <= 7; id += 2) {
      REQUIRE_THAT(session.create_stream({}, {}, clock.now()), IsSuccess());
      flush();
      session.receive(peer.bytes(wire::SynReplyFrame{.stream_id = id}), clock.now());
    }
    flush();
  }

  std::size_t flush() {
    std::size_t sent = 0;
    for (auto spans = session.output(); !spans.empty(); spans = session.output()) {
      std::size_t size = 0;
      for (const Bytes span : spans) size += span.size();
      session.output_sent(size, clock.now());
      sent += size;
    }
    while (session.deadline() && *session.deadline() <= clock.now()) session.advance(clock.now());
    return sent;
  }

  ManualClock clock;
  CountingHandler handler;
  session::Session session;
};

TEST_CASE("the count sees what it is to see", "[session][allocation]") {
  const MemoryCount count;
  const auto memory = std::make_unique<std::string>(1000, 'x');
  const std::size_t allocations = count.allocations();
  CHECK(allocations == 2);
  CHECK(memory->size() == 1000);
}

TEST_CASE("DATA frames come in without an allocation", "[session][allocation]") {
  Client client;
  FrameWriter peer;
  std::vector<std::uint8_t> input;
  for (wire::StreamId id = 1; id <= 7; id += 2) {
    const std::vector<std::uint8_t> frame = peer.data(id, patterned_text(5000));
    input.insert(input.end(), frame.begin(), frame.end());
  }
  const std::size_t step = GENERATE(1u, 1000u, 65536u);
  const MemoryCount count;
  for (int i = 0; i < 10; ++i) {
    for (Bytes rest(input); !rest.empty();) {
      const Bytes piece = rest.first(std::min(step, rest.size()));
      client.session.receive(piece, client.clock.now());
      rest = rest.subspan(piece.size());
    }
    client.flush();
  }
  const std::size_t allocations = count.allocations();
  CHECK(allocations == 0);
  CHECK(client.handler.bytes == 10 * 4 * 5000);
}

TEST_CASE("DATA frames go out without an allocation", "[session][allocation]") {
  session::Options options = without_windows();
  options.limits.write_buffers = 100000;
  Client client(options);
  const std::string payload = patterned_text(40000);
  const std::size_t piece = GENERATE(10u, 1000u, 16384u, 40000u);
  // The first rounds fill the memory that is used again.
  std::size_t allocations = 0;
  std::size_t sent = 0;
  for (int round = 0; round < 12; ++round) {
    const MemoryCount count;
    sent = 0;
    for (wire::StreamId id = 1; id <= 7; id += 2) {
      for (std::size_t at = 0; at + piece <= payload.size(); at += piece) {
        const Bytes bytes = bytes_of(payload).subspan(at, piece);
        if (client.session.write(id, Buffer(bytes, nullptr))) sent += 1000000;
      }
    }
    sent += client.flush();
    if (round >= 2) allocations += count.allocations();
  }
  CHECK(allocations == 0);
  CHECK(sent > 4 * (40000 - piece));
  CHECK(sent < 1000000);
}

TEST_CASE("a writer that waits for on_writable goes on without an allocation",
          "[session][allocation]") {
  session::Options options = without_windows();
  options.limits.write_high_water = 64 * 1024;
  Client client(options);
  const std::string payload = patterned_text(16384);
  std::size_t allocations = 0;
  for (int round = 0; round < 22; ++round) {
    const MemoryCount count;
    while (client.session.writable(1)) {
      if (client.session.write(1, Buffer(bytes_of(payload), nullptr))) break;
    }
    client.flush();
    if (round >= 12) allocations += count.allocations();
  }
  CHECK(client.handler.writable == 22);
  CHECK(allocations == 0);
}

TEST_CASE("PINGs are answered without an allocation", "[session][allocation]") {
  Client client;
  FrameWriter peer;
  const std::vector<std::uint8_t> ping = peer.bytes(wire::PingFrame{2});
  std::size_t allocations = 0;
  for (int round = 0; round < 12; ++round) {
    const MemoryCount count;
    client.session.receive(ping, client.clock.now());
    client.flush();
    if (round >= 4) allocations += count.allocations();
  }
  CHECK(allocations == 0);
  CHECK(client.session.stats().bytes_sent > 12 * 12);
}

// The rest of what a stream costs, its headers above all, is floor 4's.
TEST_CASE("a stream that does nothing is small", "[session][allocation]") {
  constexpr std::size_t kStreams = 1000;
  ManualClock clock;
  CountingHandler handler;
  session::Session session(Role::kServer, {}, handler);
  FrameWriter peer;
  std::vector<std::vector<std::uint8_t>> frames;
  for (std::size_t i = 0; i < kStreams; ++i) {
    frames.push_back(peer.bytes(wire::SynStreamFrame{
        .stream_id = static_cast<wire::StreamId>(1 + 2 * i),
        .headers = {{"streamtype", "data"}, {"port", "80"}, {"requestid", std::to_string(i)}}}));
  }
  const auto flush = [&] {
    for (auto spans = session.output(); !spans.empty(); spans = session.output()) {
      std::size_t size = 0;
      for (const Bytes span : spans) size += span.size();
      session.output_sent(size, clock.now());
    }
    while (session.deadline() && *session.deadline() <= clock.now()) session.advance(clock.now());
  };
  session.receive(peer.bytes(wire::PingFrame{1}), clock.now());
  flush();
  const MemoryCount count;
  for (std::size_t i = 0; i < kStreams; ++i) {
    session.receive(frames[i], clock.now());
    if (session.reply(static_cast<wire::StreamId>(1 + 2 * i), {})) break;
    flush();
  }
  const std::size_t held = count.held();
  INFO(held / kStreams << " bytes a stream");
  CHECK(session.stream_count() == kStreams);
  CHECK(held < kStreams * 240);
}

}  // namespace
}  // namespace uvspdy::test
