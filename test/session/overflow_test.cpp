// OverflowPolicy: what happens when a paused stream holds more than its limit.

#include <algorithm>
#include <memory>

#include "support/mentions.h"
#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::FlowControl;
using session::OverflowPolicy;
using session::Role;

session::Options small_buffer(OverflowPolicy policy) {
  session::Options options = without_windows();
  options.overflow = policy;
  options.limits.stream_buffer = 1000;
  return options;
}

TEST_CASE("kResetStream: that stream is reset, the others go on", "[session][overflow]") {
  SessionDriver client(Role::kClient, small_buffer(OverflowPolicy::kResetStream));
  const auto paused = client.create_accepted();
  const auto other = client.create_accepted();
  client.session.pause(paused);
  client.receive_data(paused, patterned_text(1000));
  CHECK(client.sent().empty());
  std::vector<std::uint8_t> input = client.peer.data(paused, "one too many");
  const std::vector<std::uint8_t> next = client.peer.data(other, "goes on");
  input.insert(input.end(), next.begin(), next.end());
  client.receive_bytes(input);
  CHECK(client.session.wants_input());
  CHECK(client.sent() == Lines{"RST_STREAM 1 FLOW_CONTROL_ERROR"});
  CHECK(client.told() == Lines{"on_data 3 'goes on'", "on_sent 1 kLimitExceeded"});
  CHECK(client.session.stats().held_bytes == 1000);

  // What it holds comes before the end.
  client.session.resume(paused);
  CHECK(client.told() == Lines{"on_data 1 1000 bytes", "on_stream_closed 1 kLimitExceeded"});
  CHECK(mentions(client.handler.closed_message(), {"stream 1", "stream_buffer = 1000"}));
  client.receive_data(paused, "late");
  CHECK(client.told().empty());
  CHECK(client.session.stats().held_bytes == 0);
}

TEST_CASE("past connection_buffer kResetStream resets the stream that adds to it",
          "[session][overflow]") {
  session::Options options = small_buffer(OverflowPolicy::kResetStream);
  options.limits.connection_buffer = 2500;
  SessionDriver client(Role::kClient, options);
  std::vector<wire::StreamId> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(client.create_accepted());
  for (std::size_t i = 0; i < 3; ++i) client.session.pause(ids[i]);
  for (const wire::StreamId id : ids) client.receive_data(id, patterned_text(900));
  CHECK(client.sent() == Lines{"RST_STREAM 5 FLOW_CONTROL_ERROR"});
  CHECK(client.session.wants_input());
  CHECK(client.handler.data(ids[3]) == patterned_text(900));
  client.session.resume(ids[2]);
  client.told();
  CHECK(mentions(client.handler.closed_message(), {"stream 5", "2500 = connection_buffer"}));
}

TEST_CASE("with windows kResetStream does so when the budget is used up", "[session][overflow]") {
  const auto budget = std::make_shared<session::WindowBudget>(100 * 1000);
  session::Options options = small_buffer(OverflowPolicy::kResetStream);
  options.flow_control = FlowControl::kStandard;
  options.limits.connection_buffer = 65536;
  options.window_budget = budget;
  SessionDriver client(Role::kClient, options);
  client.open();
  std::vector<wire::StreamId> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(client.create_accepted());
  for (std::size_t i = 0; i < 3; ++i) client.session.pause(ids[i]);
  for (int i = 0; i < 4; ++i) {
    for (const wire::StreamId id : {ids[0], ids[1]}) client.receive_data(id, patterned_text(15000));
  }
  // The window has grown for what is held: there is room for the others.
  CHECK(budget->remaining() < 20 * 1000);
  CHECK(client.session.stats().receive_window >= 16 * 1024);
  client.receive_data(ids[2], patterned_text(13000));
  client.sent();
  CHECK(client.session.stats().held_bytes == 133 * 1000);
  client.receive_data(ids[2], patterned_text(13000));
  CHECK(client.session.stats().held_bytes == 133 * 1000);
  const Lines sent = client.sent();
  CHECK(std::count(sent.begin(), sent.end(), "RST_STREAM 5 FLOW_CONTROL_ERROR") == 1);
  for (int i = 0; i < 20; ++i) {
    client.receive_data(ids[3], patterned_text(10000));
    client.turn();
    client.sent();
  }
  CHECK(client.session.is_open());
  CHECK(client.handler.data(ids[3]).size() == 200 * 1000);
}

TEST_CASE("a stream that has resumed is waited for, whatever its policy", "[session][overflow]") {
  SessionDriver client(Role::kClient, small_buffer(OverflowPolicy::kResetStream));
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, patterned_text(900));
  client.session.resume(id);
  CHECK(client.session.wants_input());
  client.receive_data(id, patterned_text(900));  // before the advance that delivers the first
  CHECK_FALSE(client.session.wants_input());

  SECTION("delivered: reading goes on") {
    client.turn();
    CHECK(client.session.wants_input());
    CHECK(client.handler.data(id) == patterned_text(900) + patterned_text(900));
  }
  SECTION("paused again: reading goes on, and the next byte is one too many") {
    client.session.pause(id);
    CHECK(client.session.wants_input());
    client.turn();
    client.receive_data(id, "x");
    CHECK(client.sent() == Lines{"RST_STREAM 1 FLOW_CONTROL_ERROR"});
  }
}

TEST_CASE("set_overflow is for one stream", "[session][overflow]") {
  SessionDriver client(Role::kClient, small_buffer(OverflowPolicy::kStopReading));
  const auto first = client.create_accepted();
  const auto second = client.create_accepted();
  for (const auto id : {first, second}) client.session.pause(id);
  client.session.set_overflow(first, OverflowPolicy::kResetStream);
  client.session.set_overflow(99, OverflowPolicy::kResetStream);  // no such stream: nothing
  client.receive_data(first, patterned_text(1001));
  CHECK(client.sent() == Lines{"RST_STREAM 1 FLOW_CONTROL_ERROR"});
  CHECK(client.session.wants_input());
  client.receive_data(second, patterned_text(1001));
  CHECK(client.sent().empty());
  CHECK_FALSE(client.session.wants_input());

  SECTION("it may come late: reading goes on, and the next byte is one too many") {
    client.session.set_overflow(second, OverflowPolicy::kResetStream);
    CHECK(client.session.wants_input());
    client.turn();
    client.receive_data(second, "x");
    CHECK(client.sent() == Lines{"RST_STREAM 3 FLOW_CONTROL_ERROR"});
    client.session.resume(second);
    client.turn();
    CHECK(client.handler.data(second) == patterned_text(1001));
  }
  SECTION("and be taken back") {
    client.session.set_overflow(second, OverflowPolicy::kResetStream);
    client.session.set_overflow(second, OverflowPolicy::kStopReading);
    CHECK_FALSE(client.session.wants_input());
  }
}

TEST_CASE("with windows a stream may hold its window, whatever stream_buffer says",
          "[session][overflow]") {
  const auto policy = GENERATE(OverflowPolicy::kResetStream, OverflowPolicy::kStopReading);
  session::Options options = small_buffer(policy);
  options.flow_control = FlowControl::kStandard;
  options.initial_stream_window = 5000;
  SessionDriver client(Role::kClient, options);
  client.open();
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, patterned_text(5000));
  CHECK(client.session.wants_input());
  CHECK(client.sent().empty());
  client.session.resume(id);
  CHECK(client.told() == Lines{"on_data 1 5000 bytes"});
}

TEST_CASE("a peer that has yet to see a smaller window may fill the larger one",
          "[session][overflow]") {
  const auto policy = GENERATE(OverflowPolicy::kResetStream, OverflowPolicy::kStopReading);
  session::Options options = small_buffer(policy);
  options.flow_control = FlowControl::kStandard;
  options.initial_stream_window = 5000;  // and until the opening PING is answered, 65536
  SessionDriver client(Role::kClient, options);
  client.open();
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, patterned_text(65536));
  client.receive(wire::PingFrame{1});
  CHECK(client.session.wants_input());
  CHECK(client.sent().empty());
  client.session.resume(id);
  CHECK(client.told() == Lines{"on_data 1 65536 bytes"});
}

TEST_CASE("in automatic, a peer past its window meets the policy", "[session][overflow]") {
  session::Options options = small_buffer(OverflowPolicy::kResetStream);
  options.flow_control = FlowControl::kAutomatic;
  options.initial_stream_window = 5000;
  options.limits.connection_buffer = 65536;
  SessionDriver client(Role::kClient, options);
  client.open();
  client.receive(wire::SettingsFrame{});
  client.receive(wire::PingFrame{1});
  client.told();
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, patterned_text(5001));
  CHECK(client.sent() == Lines{"RST_STREAM 1 FLOW_CONTROL_ERROR"});
  client.told();
  // The connection's window is not lost with what was dropped.
  client.receive_data(id, patterned_text(40000));
  CHECK(client.sent() == Lines{"WINDOW_UPDATE 0 45001"});
}

}  // namespace
}  // namespace uvspdy::test
