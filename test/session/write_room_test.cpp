// The limit of what all streams of a connection have queued together: who has room past it.

#include <algorithm>
#include <set>
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

TEST_CASE("room comes back in turn, for one write each, whatever the windows",
          "[session][write_room]") {
  const bool windows = GENERATE(false, true);
  Windowed windowed(windows ? 100 : 0, limited(windows ? with_windows() : without_windows()));
  SessionDriver& client = windowed.client;
  const Ids ids = create_accepted(client, 100);
  if (windows) client.receive(wire::WindowUpdateFrame{1, kLimit});
  client.write(1, patterned_text(kLimit));
  client.turn();
  client.handler.take();
  Ids order;
  std::size_t most = 0;
  client.handler.during = [&](std::string_view name, wire::StreamId id) {
    if (name != "on_writable") return;
    order.push_back(id);
    CHECK(client.session.writable(id));
    client.write(id, patterned_text(100));
    most = std::max(most, client.session.stats().queued_bytes);
  };
  // Streams that can send and streams that cannot are two lines, which take turns.
  const std::size_t turns = windows ? 200 : 100;
  for (int round = 0; round < 1000 && order.size() < turns; ++round) {
    client.turn();
    client.sent();
    // The peer reads now and then.
    if (!windows || round % 3 != 0) continue;
    for (const auto id : ids) client.receive(wire::WindowUpdateFrame{id, 100});
  }
  REQUIRE(order.size() >= turns);
  // Each of the hundred once; without windows before any has a second turn.
  order.resize(turns);
  CHECK(std::set<wire::StreamId>(order.begin(), order.end()).size() == 100);
  CHECK(most <= kLimit + 100);
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

TEST_CASE("from twice the limit on, the window must take a whole write", "[session][write_room]") {
  Windowed windowed(0);
  SessionDriver& client = windowed.client;
  const Ids ids = create_accepted(client, 30);
  for (std::size_t i = 0; i < 20; ++i) client.write(ids[i], patterned_text(100));
  client.told();
  CHECK(client.session.stats().queued_bytes == 2 * kLimit);
  constexpr std::uint32_t kWrite = 64 * 1024;
  client.receive(wire::WindowUpdateFrame{ids[20], kWrite - 1});
  CHECK(client.told().empty());
  client.receive(wire::WindowUpdateFrame{ids[20], 1});
  CHECK(client.told() == Lines{"on_writable 41"});
  // A larger write than those of a pump counts.
  client.write(ids[20], patterned_text(kWrite + 10));
  client.sent();
  client.receive(wire::WindowUpdateFrame{ids[20], kWrite + 19});  // 10 of these are used up
  client.sent();
  CHECK(client.told().empty());
  client.receive(wire::WindowUpdateFrame{ids[20], 1});
  CHECK(client.told() == Lines{"on_writable 41"});
  // Below that, any window will do, and one that was too small before is looked at again.
  client.receive(wire::WindowUpdateFrame{ids[25], 1});
  CHECK(client.told().empty());
  for (std::size_t i = 0; i < 6; ++i) client.session.reset(ids[i], wire::RstStatus::kCancel);
  client.sent();
  const Lines told = client.told();
  CHECK(std::count(told.begin(), told.end(), "on_writable 51") == 1);
  CHECK(client.session.writable(ids[25]));
  CHECK_FALSE(client.session.writable(ids[26]));
}

TEST_CASE("a stream without its reply gets no room past the limit", "[session][write_room]") {
  SessionDriver client(Role::kClient, limited());
  const auto first = client.create();
  client.write(first, patterned_text(kLimit));
  const auto second = client.create();
  client.sent();
  CHECK(client.told() == Lines{"on_full 1"});
  CHECK_FALSE(client.session.writable(second));
  client.receive(wire::SynReplyFrame{.stream_id = second});
  CHECK(client.told() == Lines{"on_reply 3 {}", "on_writable 3"});
}

TEST_CASE("a window that is taken back takes the room with it", "[session][write_room]") {
  Windowed windowed(0);
  SessionDriver& client = windowed.client;
  const Ids ids = create_accepted(client, 11);
  for (std::size_t i = 0; i < 10; ++i) client.write(ids[i], patterned_text(100));
  client.told();
  client.receive(wire::WindowUpdateFrame{ids[10], 100});
  CHECK(client.told() == Lines{"on_writable 21"});
  client.receive(wire::WindowUpdateFrame{ids[9], 50});
  client.sent();
  client.told();
  client.receive(wire::SettingsFrame{.entries = {{wire::SettingId::kInitialWindowSize, 0, 1}}});
  client.receive(wire::SettingsFrame{.entries = {{wire::SettingId::kInitialWindowSize, 0, 0}}});
  CHECK(client.session.writable(ids[10]));
  client.write(ids[10], patterned_text(100));
  client.sent();
  client.told();
  CHECK_FALSE(client.session.writable(ids[10]));
}

TEST_CASE("streams that were given room and have not used it lose it before all write",
          "[session][write_room]") {
  Windowed windowed(0);
  SessionDriver& client = windowed.client;
  const Ids ids = create_accepted(client, 200);
  for (std::size_t i = 0; i < 10; ++i) client.write(ids[i], patterned_text(100));
  client.told();
  for (std::size_t i = 10; i < ids.size(); ++i) {
    client.receive(wire::WindowUpdateFrame{ids[i], 64 * 1024});
  }
  const auto advance = [&] {
    const RecordingHandler::Turn turn(client.handler);
    client.session.advance(client.clock.now());
  };
  advance();
  CHECK(writable(client, ids).size() == 4);
  advance();
  CHECK(writable(client, ids).size() == 8);
  client.turn();
  CHECK(writable(client, ids).size() == 190);
  // All of them write as soon as they may, and nothing leaves.
  for (const auto id : ids) {
    if (client.session.writable(id)) client.write(id, patterned_text(100));
  }
  CHECK(client.session.stats().queued_bytes == kLimit + 300);
  CHECK(writable(client, ids).empty());
  // What can be sent is sent first; then others have their turn, until all have had one.
  client.handler.during = [&](std::string_view name, wire::StreamId id) {
    if (name == "on_writable") client.write(id, patterned_text(100));
  };
  std::size_t most = 0;
  for (int round = 0; round < 200; ++round) {
    client.turn();
    most = std::max(most, client.session.stats().queued_bytes);
    client.sent();
  }
  CHECK(most <= kLimit + kLimit / 4 + 400);
  for (std::size_t i = 10; i < ids.size(); ++i) {
    INFO(ids[i]);
    CHECK(client.sent_payload(ids[i]).size() >= 100);
  }
}

TEST_CASE("a peer that opens small windows makes us queue little more than twice the limit",
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
  const std::size_t limit = options.limits.connection_write_high_water;
  CHECK(most <= 2 * limit + limit / 4 + 4 * piece.size());
}

// The states of a stream's room, and how a stream ends in each.
enum class Place { kOpen, kGranted, kFull, kLost, kWaits, kUnable };

TEST_CASE("a stream may end in any way wherever it waits, and the others go on",
          "[session][write_room]") {
  const Place place = GENERATE(Place::kOpen, Place::kGranted, Place::kFull, Place::kLost,
                               Place::kWaits, Place::kUnable);
  const int how = GENERATE(range(0, 8));
  CAPTURE(static_cast<int>(place), how);
  Windowed windowed(0);
  SessionDriver& client = windowed.client;
  const Ids ids = create_accepted(client, 12);
  const auto one = ids[10];
  const auto other = ids[11];
  const auto open = [&](wire::StreamId id) { client.receive(wire::WindowUpdateFrame{id, 1000}); };
  if (place != Place::kOpen) {
    if (place == Place::kFull) client.write(one, patterned_text(10));
    for (std::size_t i = 0; i < 10; ++i) client.write(ids[i], patterned_text(100));
  }
  if (place != Place::kOpen && place != Place::kLost) client.turn();
  if (place == Place::kGranted) {
    open(one);
    client.turn();
    CHECK(client.session.writable(one));
  }
  // One that can send and waits, because the session is not stuck.
  if (place == Place::kWaits) {
    client.receive(wire::WindowUpdateFrame{ids[0], 10});
    open(one);
  }
  CHECK(client.session.writable(one) == (place == Place::kOpen || place == Place::kGranted));
  switch (how) {
    case 0: client.session.end(one); break;
    case 1: client.session.end_with_reset(one); break;
    case 2: client.session.reset(one, wire::RstStatus::kCancel); break;
    case 3: client.receive(wire::RstStreamFrame{one, wire::RstStatus::kCancel}); break;
    case 4: (void)client.session.send_headers(one, {}, true); break;
    case 5: client.session.close(wire::GoAwayStatus::kOk); break;
    case 6: client.session.abort(Error(session::Errc::kConnectionClosed, "test")); break;
    case 7: client.receive_end(); break;
  }
  CHECK_FALSE(client.session.writable(one));
  client.sent();
  client.handler.take();
  client.turn();
  const Lines told = client.handler.take();
  CHECK(std::count(told.begin(), told.end(), "on_full " + std::to_string(one)) == 0);
  if (how >= 5) return;
  client.receive_data(one, "", true);
  open(other);
  client.sent();
  client.turn();
  CHECK(client.session.writable(other));
  for (std::size_t i = 0; i < 10; ++i) open(ids[i]);
  client.sent();
  client.turn();
  CHECK(writable(client, ids).size() == 11);
}

TEST_CASE("a handler may write, end and reset when it is told that there is no room",
          "[session][write_room]") {
  SessionDriver client(Role::kClient, limited());
  create_accepted(client, 8);
  client.handler.during = [&](std::string_view name, wire::StreamId id) {
    if (name != "on_full") return;
    CHECK_FALSE(client.session.writable(id));
    if (id % 4 == 1) client.write(id, patterned_text(10));
    client.session.end(id);
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
