// The limit of what all streams of a connection have queued together: who has room past it.

#include <algorithm>
#include <string>
#include <vector>

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;

constexpr std::size_t kLimit = 1000;

session::Options limited(session::Options options = without_windows()) {
  options.limits.connection_write_high_water = kLimit;
  options.max_data_frame = 100;
  return options;
}

std::vector<wire::StreamId> create_accepted(SessionDriver& client, int count) {
  std::vector<wire::StreamId> ids;
  for (int i = 0; i < count; ++i) ids.push_back(client.create_accepted());
  return ids;
}

std::vector<wire::StreamId> writable(SessionDriver& driver, std::vector<wire::StreamId> ids) {
  std::erase_if(ids, [&](wire::StreamId id) { return !driver.session.writable(id); });
  return ids;
}

using Ids = std::vector<wire::StreamId>;

TEST_CASE("past the limit of all streams none is writable, and each is told",
          "[session][write_room]") {
  SessionDriver client(Role::kClient, limited());
  const Ids ids = create_accepted(client, 3);
  client.write(1, patterned_text(999));
  CHECK(writable(client, ids) == ids);
  CHECK(client.told().empty());
  client.write(3, "x");
  CHECK(writable(client, ids).empty());
  const Lines told = client.told();
  CHECK(std::is_permutation(told.begin(), told.end(),
                            Lines{"on_full 1", "on_full 3", "on_full 5"}.begin()));
  CHECK(client.session.stats().queued_bytes == kLimit);

  // What stands in the batch has left the queue; half of it may be queued still.
  client.sent();
  Lines again = client.told();
  std::sort(again.begin(), again.end());
  CHECK(again == Lines{"on_writable 1", "on_writable 3", "on_writable 5"});
  CHECK(writable(client, ids) == ids);
  // Nobody waits any more: each stream has its own limit alone.
  client.write(1, patterned_text(500));
  CHECK(client.session.writable(1));
  client.sent();
  CHECK(client.told().empty());
}

TEST_CASE("room comes back in turn, for one write each", "[session][write_room]") {
  SessionDriver client(Role::kClient, limited());
  const Ids ids = create_accepted(client, 100);
  client.write(1, patterned_text(kLimit));
  client.turn();
  client.handler.take();
  Ids order;
  client.handler.during = [&](std::string_view name, wire::StreamId id) {
    if (name != "on_writable") return;
    order.push_back(id);
    REQUIRE(client.session.writable(id));
    client.write(id, patterned_text(100));
    // While others wait, the next write is another stream's.
    CHECK_FALSE((client.session.writable(id) && order.size() < ids.size() / 2));
  };
  std::size_t most = 0;
  for (int round = 0; round < 200 && order.size() < 300; ++round) {
    client.turn();
    most = std::max(most, client.session.stats().queued_bytes);
    client.sent();
  }
  REQUIRE(order.size() >= 200);
  // Each of the hundred once, before any has a second turn.
  Ids first(order.begin(), order.begin() + 100);
  std::sort(first.begin(), first.end());
  CHECK(first == ids);
  CHECK(most <= kLimit + kLimit / 4 + 100);
}

TEST_CASE("a stream that is created past the limit waits like the others",
          "[session][write_room]") {
  SessionDriver client(Role::kClient, limited());
  client.create_accepted();
  client.write(1, patterned_text(kLimit));
  const auto late = client.create();
  CHECK_FALSE(client.session.writable(late));
  client.sent();
  client.receive(wire::SynReplyFrame{.stream_id = late});
  client.sent();
  const Lines told = client.told();
  CHECK(std::count(told.begin(), told.end(), "on_writable 3") == 1);
  CHECK(client.session.writable(late));
}

/// A client with windows whose peer lets it send without end on the connection, and `window` bytes
/// on each stream.
struct Windowed {
  explicit Windowed(std::uint32_t window, session::Options options = limited(with_windows()))
      : client(Role::kClient, std::move(options)) {
    client.open();
    client.receive(
        wire::SettingsFrame{.entries = {{wire::SettingId::kInitialWindowSize, 0, window}}});
    client.receive(wire::WindowUpdateFrame{0, 0x7fffffff - wire::kDefaultWindow});
    client.told();
  }
  SessionDriver client;
};

TEST_CASE("streams that are read do not wait for streams that are not", "[session][write_room]") {
  Windowed windowed(0);
  SessionDriver& client = windowed.client;
  const Ids ids = create_accepted(client, 20);
  for (std::size_t i = 0; i < 10; ++i) client.write(ids[i], patterned_text(100));
  client.told();
  CHECK(writable(client, ids).empty());
  CHECK(client.sent().empty());
  // One of the others is read: it has room, whatever waits for the first ten.
  const auto read = ids[15];
  client.receive(wire::WindowUpdateFrame{read, 16 * 1024});
  CHECK(client.told() == Lines{"on_writable " + std::to_string(read)});
  CHECK(writable(client, ids) == Ids{read});
  for (int i = 0; i < 50; ++i) {
    client.write(read, patterned_text(100));
    CHECK_FALSE(client.session.writable(read));
    client.sent();
    client.receive(wire::WindowUpdateFrame{read, 100});
    CHECK(client.told() == Lines{"on_writable " + std::to_string(read)});
  }
  CHECK(client.sent_payload(read).size() == 5000);
  // Once the ten are read, the rest has room, too.
  for (std::size_t i = 0; i < 10; ++i) client.receive(wire::WindowUpdateFrame{ids[i], 1000});
  client.sent();
  client.told();
  CHECK(writable(client, ids) == ids);
}

TEST_CASE("a window that takes little of a write does not make room", "[session][write_room]") {
  Windowed windowed(0);
  SessionDriver& client = windowed.client;
  const Ids ids = create_accepted(client, 11);
  for (std::size_t i = 0; i < 10; ++i) client.write(ids[i], patterned_text(100));
  client.told();
  client.receive(wire::WindowUpdateFrame{ids[10], 16 * 1024 - 1});
  CHECK(client.told().empty());
  CHECK_FALSE(client.session.writable(ids[10]));
  client.receive(wire::WindowUpdateFrame{ids[10], 1});
  CHECK(client.told() == Lines{"on_writable 21"});
}

TEST_CASE("few streams have room at a time while the rest is stuck", "[session][write_room]") {
  Windowed windowed(0);
  SessionDriver& client = windowed.client;
  const Ids ids = create_accepted(client, 200);
  for (std::size_t i = 0; i < 10; ++i) client.write(ids[i], patterned_text(100));
  client.told();
  for (std::size_t i = 10; i < ids.size(); ++i) {
    client.receive(wire::WindowUpdateFrame{ids[i], 64 * 1024});
  }
  {
    const RecordingHandler::Turn turn(client.handler);
    client.session.advance(client.clock.now());
  }
  CHECK(writable(client, ids).size() == 4);
  // Each writes when it may, and the transport takes nothing: they stop.
  client.handler.during = [&](std::string_view name, wire::StreamId id) {
    if (name == "on_writable") client.write(id, patterned_text(100));
  };
  client.turn();
  CHECK(client.session.stats().queued_bytes <= kLimit + kLimit / 4 + 400);
  // What can be sent is sent first; then others have their turn, until all have had one.
  for (int round = 0; round < 200; ++round) {
    client.sent();
    client.turn();
  }
  for (std::size_t i = 10; i < ids.size(); ++i) {
    INFO(ids[i]);
    CHECK(client.sent_payload(ids[i]).size() >= 100);
  }
}

TEST_CASE("a peer that opens small windows makes us queue no more than twice the limit",
          "[session][write_room]") {
  // As by default; writes are those of a pump.
  session::Options options = with_windows();
  options.limits.concurrent_streams = 5000;
  Windowed windowed(16 * 1024, options);
  SessionDriver& client = windowed.client;
  const std::string piece = patterned_text(64 * 1024);
  std::size_t most = 0;
  client.handler.during = [&](std::string_view name, wire::StreamId id) {
    if (name == "on_writable") client.write(id, piece);
    most = std::max(most, client.session.stats().queued_bytes);
  };
  for (int i = 0; i < 1000; ++i) {
    const auto id = client.create();
    client.sent();
    client.receive(wire::SynReplyFrame{.stream_id = id});
    if (client.session.writable(id)) client.write(id, piece);
    client.turn();
    client.sent();
  }
  CHECK(most > options.limits.connection_write_high_water);
  CHECK(most <= 2 * options.limits.connection_write_high_water + 4 * piece.size());
}

TEST_CASE("streams that end while they wait are passed over", "[session][write_room]") {
  SessionDriver client(Role::kClient, limited());
  create_accepted(client, 6);
  client.write(1, patterned_text(kLimit));
  client.session.end(3);
  client.session.reset(5, wire::RstStatus::kCancel);
  client.receive(wire::RstStreamFrame{7, wire::RstStatus::kCancel});
  client.receive_data(9, "x", true);
  Lines told = client.told();
  CHECK(std::count(told.begin(), told.end(), "on_full 3") == 0);
  CHECK(std::count(told.begin(), told.end(), "on_full 5") == 0);
  CHECK(std::count(told.begin(), told.end(), "on_full 9") == 1);
  client.sent();
  told = client.told();
  CHECK(std::count(told.begin(), told.end(), "on_writable 3") == 0);
  CHECK(std::count(told.begin(), told.end(), "on_writable 9") == 1);
  CHECK(std::count(told.begin(), told.end(), "on_writable 11") == 1);
  // All that was queued is dropped with its stream: the rest has room.
  client.write(11, patterned_text(kLimit));
  client.told();
  CHECK_FALSE(client.session.writable(9));
  client.session.reset(11, wire::RstStatus::kCancel);
  client.told();
  CHECK(client.session.writable(9));
}

TEST_CASE("a handler may write, end and reset when it is told that there is no room",
          "[session][write_room]") {
  SessionDriver client(Role::kClient, limited());
  create_accepted(client, 8);
  client.handler.during = [&](std::string_view name, wire::StreamId id) {
    if (name != "on_full") return;
    CHECK_FALSE(client.session.writable(id));
    if (id % 4 == 1) client.write(id, patterned_text(10));
    client.session.reset(id + 2, wire::RstStatus::kCancel);
  };
  client.write(15, patterned_text(kLimit));
  client.turn();
  client.sent();
  client.turn();
  CHECK(client.session.is_open());
  CHECK(client.session.stats().queued_bytes == 0);
}

TEST_CASE("a limit of nothing lets one write after the other pass", "[session][write_room]") {
  session::Options options = without_windows();
  options.limits.connection_write_high_water = 0;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  for (int i = 0; i < 5; ++i) {
    INFO(i);
    REQUIRE(client.session.writable(id));
    client.write(id, "x");
    CHECK_FALSE(client.session.writable(id));
    client.sent();
    client.turn();
  }
}

}  // namespace
}  // namespace uvspdy::test
