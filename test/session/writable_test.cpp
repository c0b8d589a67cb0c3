// Writers that fill their stream's queue: writable(), on_writable and what the queue holds.

#include <memory>
#include <optional>

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::Role;

// Takes up to `count` bytes as a slow transport does.
void take_some(SessionDriver& driver, std::size_t count) {
  while (count > 0) {
    const std::size_t ready = joined(driver.session.output()).size();
    REQUIRE(ready > 0);
    const std::size_t taken = std::min(ready, count);
    driver.output_sent(taken);
    count -= taken;
  }
}

TEST_CASE("writable is false from write_high_water until half of it has left",
          "[session][writable]") {
  session::Options options = without_windows();
  options.max_data_frame = 100;
  options.limits.write_high_water = 1000;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  CHECK(client.session.writable(id));
  client.write(id, patterned_text(999));
  CHECK(client.session.writable(id));
  client.write(id, "x");
  CHECK_FALSE(client.session.writable(id));
  CHECK(client.session.stats().queued_bytes == 1000);
  CHECK(client.told().empty());

  client.sent();
  CHECK(client.told() == Lines{"on_writable 1"});
  CHECK(client.session.writable(id));
  // Once for each time it was full.
  client.write(id, "y");
  client.sent();
  CHECK(client.told().empty());
}

TEST_CASE("on_writable does not come while more than half is queued", "[session][writable]") {
  session::Options options = without_windows();
  options.limits.write_high_water = 1024 * 1024;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  client.write(id, patterned_text(1024 * 1024));
  CHECK_FALSE(client.session.writable(id));
  std::optional<std::size_t> told_at;
  std::size_t taken = 0;
  while (taken < 1000 * 1000) {
    take_some(client, 10000);
    taken += 10000;
    const Lines told = client.told();
    if (!told.empty()) {
      CHECK_FALSE(told_at);
      CHECK(told == Lines{"on_writable 1"});
      told_at = taken;
    }
    CHECK(client.session.writable(id) == told_at.has_value());
  }
  REQUIRE(told_at);
  // What stands in output() has left the queue, though the transport may not have it yet.
  CHECK(*told_at >= 250 * 1000);
  CHECK(*told_at <= 550 * 1000);
}

TEST_CASE("many small buffers fill a queue as well", "[session][writable]") {
  session::Options options = without_windows();
  options.limits.write_buffers = 10;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  for (int i = 0; i < 9; ++i) client.write(id, "x");
  CHECK(client.session.writable(id));
  client.write(id, "x");
  CHECK_FALSE(client.session.writable(id));
  client.sent();
  CHECK(client.told() == Lines{"on_writable 1"});
}

TEST_CASE("what waits for the SYN_REPLY counts", "[session][writable]") {
  session::Options options = without_windows();
  options.limits.write_high_water = 10;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create();
  client.write(id, patterned_text(10));
  CHECK_FALSE(client.session.writable(id));
  client.sent();
  CHECK(client.told().empty());
  client.receive(wire::SynReplyFrame{.stream_id = id});
  client.sent();
  CHECK(client.told() == Lines{"on_reply 1 {}", "on_writable 1"});
}

TEST_CASE("a full queue of one stream leaves the others writable", "[session][writable]") {
  session::Options options = without_windows();
  options.limits.write_high_water = 10;
  SessionDriver client(Role::kClient, options);
  const auto full = client.create_accepted();
  const auto other = client.create_accepted();
  client.write(full, patterned_text(10));
  CHECK_FALSE(client.session.writable(full));
  CHECK(client.session.writable(other));
}

TEST_CASE("on_writable is not told when the writer has filled the queue again or has ended",
          "[session][writable]") {
  session::Options options = without_windows();
  options.limits.write_high_water = 10;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  client.write(id, patterned_text(10));
  client.sent();
  SECTION("filled") {
    client.write(id, patterned_text(10));
    CHECK(client.told().empty());
    client.sent();
    CHECK(client.told() == Lines{"on_writable 1"});
  }
  SECTION("closed") {
    client.session.end(id);
    CHECK(client.told().empty());
  }
  SECTION("reset") {
    client.session.reset(id, wire::RstStatus::kCancel);
    CHECK(client.told() == Lines{"on_stream_closed 1 kResetHere"});
  }
}

TEST_CASE("a writer that refills in on_writable is called again", "[session][writable]") {
  session::Options options = without_windows();
  options.limits.write_high_water = 1000;
  SessionDriver client(Role::kClient, options);
  const auto id = client.create_accepted();
  std::string written;
  const auto fill = [&] {
    while (written.size() < 20000 && client.session.writable(id)) {
      const std::string piece = patterned_text(300, written.size());
      client.write(id, piece);
      written += piece;
    }
  };
  client.handler.during = [&](std::string_view name, wire::StreamId) {
    if (name == "on_writable") fill();
  };
  fill();
  while (client.session.has_output()) {
    CHECK(client.session.stats().queued_bytes < 1300);
    client.sent();
    client.turn();
  }
  CHECK(written.size() >= 20000);
  CHECK(client.sent_payload(id) == written);
}

TEST_CASE("a buffer is let go once the transport has it", "[session][writable]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create_accepted();
  const auto owner = std::make_shared<std::string>(patterned_text(50000));
  CHECK_THAT(client.session.write(id, Buffer(bytes_of(*owner), owner)), IsSuccess());
  CHECK(owner.use_count() > 1);
  SECTION("sent") {
    const std::size_t size = joined(client.session.output()).size();
    client.output_sent(size - 1);
    CHECK(owner.use_count() > 1);
    client.output_sent(1);
  }
  SECTION("dropped by a reset") { client.session.reset(id, wire::RstStatus::kCancel); }
  SECTION("dropped by an abort") {
    client.session.abort(Error(session::Errc::kConnectionClosed, "gone"));
  }
  SECTION("dropped at the end of the connection") { client.receive_end(); }
  CHECK(owner.use_count() == 1);
}

}  // namespace
}  // namespace uvspdy::test
