// What we let the peer send: when windows are given back, how they grow, and what is past them.

#include <algorithm>
#include <chrono>
#include <memory>

#include "support/mentions.h"
#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::FlowControl;
using session::Role;
using std::chrono::milliseconds;
using wire::RstStatus;
using wire::SettingId;

constexpr std::size_t kHalf = 32768;

session::Options small_connection(FlowControl mode = FlowControl::kStandard) {
  session::Options options = with_windows(mode);
  options.limits.connection_buffer = 65536;
  options.window_budget = std::make_shared<session::WindowBudget>(0);
  return options;
}

struct Client : SessionDriver {
  explicit Client(session::Options options = with_windows())
      : SessionDriver(Role::kClient, std::move(options)) {
    open();
  }

  std::int64_t window(wire::StreamId id) const { return session.stream_stats(id)->receive_window; }
  std::int64_t window() const { return session.stats().receive_window; }
};

TEST_CASE("a window is given back once half of it is used", "[session][window updates]") {
  Client client(small_connection());
  const auto id = client.create_accepted();
  client.receive_data(id, patterned_text(kHalf - 1));
  CHECK(client.sent().empty());
  CHECK(client.window(id) == 65536 - std::int64_t{kHalf} + 1);
  client.receive_data(id, "x");
  CHECK(client.sent() == Lines{"WINDOW_UPDATE 0 32768", "WINDOW_UPDATE 1 32768"});
  CHECK(client.window(id) == 65536);
  CHECK(client.window() == 65536);
}

TEST_CASE("it is given back as the reader takes, not as bytes come", "[session][window updates]") {
  Client client(small_connection());
  const auto id = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, patterned_text(60000));
  client.turn();
  CHECK(client.sent().empty());
  CHECK(client.window(id) == 5536);
  CHECK(client.window() == 5536);
  client.session.resume(id);
  CHECK(client.sent().empty());  // nothing is taken yet
  client.turn();
  CHECK(client.sent() == Lines{"WINDOW_UPDATE 0 60000", "WINDOW_UPDATE 1 60000"});
}

TEST_CASE("a stream that has its FIN gets no window, the connection does",
          "[session][window updates]") {
  Client client(small_connection());
  const auto id = client.create_accepted();
  SECTION("read at once: the last piece comes with the FIN") {
    client.receive_data(id, patterned_text(kHalf), true);
    CHECK(client.sent().front() == "WINDOW_UPDATE 0 32768");
  }
  SECTION("read late") {
    client.session.pause(id);
    client.receive_data(id, patterned_text(kHalf), true);
    client.session.resume(id);
    client.turn();
    CHECK(client.sent() == Lines{"WINDOW_UPDATE 0 32768"});
  }
  CHECK(client.window() == 65536);
}

// ---- growth

struct GrowingClient : Client {
  explicit GrowingClient(session::Options options = with_windows()) : Client(std::move(options)) {
    // A round trip of 10 ms.
    clock.advance(milliseconds(10));
    receive(wire::PingFrame{1});
    id = create_accepted();
  }

  /// The peer uses all of the window, `pause` after the last time. Returns the window's size.
  std::int64_t use(milliseconds pause) {
    clock.advance(pause);
    const std::int64_t most = std::min(window(id), Client::window());
    receive_data(id, std::string(static_cast<std::size_t>(most), 'x'));
    sent();
    return session.stream_stats(id)->receive_window_size;
  }

  wire::StreamId id = 0;
};

TEST_CASE("the window of a reader that keeps up grows, to stream_window",
          "[session][window updates]") {
  session::Options options = with_windows();
  options.limits.stream_window = 2000 * 1000;
  GrowingClient client(options);
  CHECK(client.session.stats().round_trip == milliseconds(10));
  CHECK(client.use(milliseconds(10)) == 65536);  // nothing to compare with yet
  CHECK(client.use(milliseconds(19)) == 16 * 65536);
  CHECK(client.window(client.id) == 16 * 65536);
  CHECK(client.use(milliseconds(19)) == 2000 * 1000);
  CHECK(client.use(milliseconds(19)) == 2000 * 1000);
  CHECK(client.window(client.id) == 2000 * 1000);
}

TEST_CASE("what it has grown by is announced", "[session][window updates]") {
  GrowingClient client;
  client.receive_data(client.id, patterned_text(kHalf));
  CHECK(client.sent() == Lines{"WINDOW_UPDATE 1 32768"});
  client.clock.advance(milliseconds(5));
  client.receive_data(client.id, patterned_text(kHalf));
  CHECK(client.sent() == Lines{"WINDOW_UPDATE 1 1015808"});
}

TEST_CASE("the window does not grow", "[session][window updates]") {
  SECTION("for a sender that does not wait for it") {
    GrowingClient client;
    for (int i = 0; i < 10; ++i) CHECK(client.use(milliseconds(20)) == 65536);
  }
  SECTION("for a reader that is slow") {
    GrowingClient client;
    for (int i = 0; i < 10; ++i) {
      client.session.pause(client.id);
      client.receive_data(client.id, patterned_text(65536));
      client.clock.advance(milliseconds(50));
      client.session.resume(client.id);
      client.turn();
      CHECK(client.session.stream_stats(client.id)->receive_window_size == 65536);
    }
  }
  SECTION("past stream_window, not even the first time") {
    session::Options options = with_windows();
    options.limits.stream_window = 1000;
    GrowingClient client(options);
    for (int i = 0; i < 10; ++i) CHECK(client.use(milliseconds(1)) == 65536);
  }
  SECTION("while no round trip is known") {
    Client client;
    const auto id = client.create_accepted();
    for (int i = 0; i < 10; ++i) {
      client.clock.advance(milliseconds(1));
      client.receive_data(id, patterned_text(kHalf));
      CHECK(client.session.stream_stats(id)->receive_window_size == 65536);
    }
  }
  SECTION("for bursts that come at once: they may have waited in a queue") {
    GrowingClient client;
    for (int i = 0; i < 10; ++i) {
      client.clock.advance(milliseconds(100));
      for (int piece = 0; piece < 4; ++piece) client.receive_data(client.id, patterned_text(kHalf));
      CHECK(client.session.stream_stats(client.id)->receive_window_size == 65536);
    }
  }
  SECTION("of the connection, without a budget") {
    GrowingClient client(small_connection());
    for (int i = 0; i < 10; ++i) {
      client.clock.advance(milliseconds(1));
      client.receive_data(client.id, patterned_text(kHalf));
      client.sent();
      CHECK(client.window() == 65536);
    }
  }
}

TEST_CASE("the connection's window grows from the budget, and the session gives it back",
          "[session][window updates]") {
  const auto budget = std::make_shared<session::WindowBudget>(1000 * 1000);
  session::Options options = small_connection();
  options.window_budget = budget;
  {
    GrowingClient client(options);
    const auto size = [&client] { return client.session.stats().receive_window_size; };
    client.use(milliseconds(19));
    CHECK(size() == 65536);
    client.use(milliseconds(19));
    CHECK(size() == 4 * 65536);
    CHECK(client.window() == 4 * 65536);
    CHECK(budget->remaining() == 1000 * 1000 - 3 * 65536);
    client.use(milliseconds(10));
    client.use(milliseconds(10));
    client.use(milliseconds(10));
    CHECK(size() == 65536 + 941177);  // 16 of 17 parts
    CHECK(budget->remaining() == 1000 * 1000 - 941177);
    SECTION("when it is destroyed") {}
    SECTION("when it ends") {
      client.session.abort({});
      CHECK(budget->remaining() == 1000 * 1000);
    }
    SECTION("when readers have what is held") {
      client.session.pause(client.id);
      client.receive_data(client.id, patterned_text(100 * 1000));
      client.session.receive_end({});
      CHECK(budget->remaining() == 1000 * 1000 - 100 * 1000);
      client.session.resume(client.id);
      client.turn();
      CHECK(budget->remaining() == 1000 * 1000);
    }
  }
  CHECK(budget->remaining() == 1000 * 1000);
}

TEST_CASE("the round trip is measured again while much comes, and no other time",
          "[session][window updates]") {
  GrowingClient client;
  client.receive_data(client.id, patterned_text(kHalf));
  CHECK(client.sent() == Lines{"WINDOW_UPDATE 1 32768"});
  client.clock.advance(milliseconds(1000));
  client.receive_data(client.id, "little");
  CHECK(client.sent().empty());
  client.receive_data(client.id, patterned_text(kHalf));
  CHECK(client.sent() == Lines{"WINDOW_UPDATE 1 32774", "PING 3"});
  client.clock.advance(milliseconds(3000));
  client.receive_data(client.id, patterned_text(kHalf));
  CHECK(client.sent() == Lines{"WINDOW_UPDATE 1 32768"});  // it has no answer yet
  client.receive(wire::PingFrame{3});
  CHECK(client.session.stats().round_trip == milliseconds(3000));
  // It has waited in a queue, so windows go by the one before.
  client.clock.advance(milliseconds(2000));
  client.receive_data(client.id, patterned_text(kHalf));
  CHECK(client.session.stream_stats(client.id)->receive_window_size == 65536);
}

// ---- the connection's window when nobody reads

TEST_CASE("the connection's window comes back for data that nobody takes",
          "[session][window updates]") {
  Client client(small_connection());
  const auto id = client.create_accepted();
  const auto other = client.create_accepted();
  const auto receive = [&client](wire::StreamId to) {
    client.receive_data(to, patterned_text(40000));
  };
  Lines expected = {"WINDOW_UPDATE 0 40000"};
  SECTION("for a stream that was reset here") {
    client.session.reset(id, RstStatus::kCancel);
    client.sent();
    receive(id);
  }
  SECTION("or by the peer") {
    client.receive(wire::RstStreamFrame{id, RstStatus::kCancel});
    receive(id);
  }
  SECTION("for one that never was") {
    receive(99);
    expected = {"RST_STREAM 99 INVALID_STREAM", "WINDOW_UPDATE 0 40000"};
  }
  SECTION("behind its FIN") {
    client.receive_data(id, "", true);
    receive(id);
    expected = {"RST_STREAM 1 STREAM_ALREADY_CLOSED", "WINDOW_UPDATE 0 40000"};
  }
  SECTION("for one that closed in order") {
    client.session.end(id);
    client.receive_data(id, "", true);
    client.sent();
    client.told();
    receive(id);
    expected.insert(expected.begin(), "RST_STREAM 1 PROTOCOL_ERROR");
  }
  SECTION("when a reader that has paused gives up") {
    client.session.pause(id);
    receive(id);
    CHECK(client.sent().empty());
    client.session.reset(id, RstStatus::kCancel);
    expected = {"RST_STREAM 1 CANCEL", "WINDOW_UPDATE 0 40000"};
  }
  SECTION("when a reader gives up inside its data") {
    client.handler.during = [&client](std::string_view name, wire::StreamId stream) {
      if (name == "on_data") client.session.reset(stream, RstStatus::kCancel);
    };
    std::vector<std::uint8_t> frame = client.peer.data(id, patterned_text(40000));
    client.receive_bytes(Bytes(frame).first(10000));
    client.receive_bytes(Bytes(frame).subspan(10000));
    expected = {"RST_STREAM 1 CANCEL", "WINDOW_UPDATE 0 40000"};
    // 10000 bytes less 8 were read, then the rest came.
    const Lines sent = client.sent();
    CHECK(sent.front() == expected.front());
    CHECK(client.window() == 65536);
    return;
  }
  CHECK(client.sent() == expected);
  CHECK(client.window() == 65536);
  CHECK(client.window(other) == 65536);
  CHECK(client.session.is_open());
}

// ---- violations

TEST_CASE("DATA past the stream's window ends the stream", "[session][window updates]") {
  Client client;
  const auto id = client.create_accepted();
  const auto other = client.create_accepted();
  client.session.pause(id);
  client.receive_data(id, patterned_text(65000));
  client.receive_data(id, patterned_text(536));  // to the last byte
  client.receive_data(id, "", false);            // which leaves room for nothing
  CHECK(client.told().empty());
  client.receive_data(id, "x");
  CHECK(client.sent() == Lines{"RST_STREAM 1 FLOW_CONTROL_ERROR"});
  CHECK(client.told() == Lines{"on_sent 1 kFlowControl"});
  client.session.resume(id);
  CHECK(client.told() == Lines{"on_data 1 65536 bytes", "on_stream_closed 1 kFlowControl"});
  CHECK(mentions(client.handler.closed_message(), {"stream 1", "DATA frame of 1 bytes", "has 0"}));
  client.receive_data(other, "goes on");
  CHECK(client.told() == Lines{"on_data 3 'goes on'"});
}

TEST_CASE("DATA past the connection's window ends the session", "[session][window updates]") {
  Client client(small_connection());
  const auto first = client.create_accepted();
  const auto second = client.create_accepted();
  for (const auto id : {first, second}) client.session.pause(id);
  client.receive_data(first, patterned_text(40000));
  // It is the head that says so.
  const std::vector<std::uint8_t> frame = client.peer.data(second, patterned_text(30000));
  client.receive_bytes(Bytes(frame).first(wire::kFrameHeadSize + 1));
  CHECK(error_text(client.session.error()) == "kFlowControl");
  CHECK(mentions(client.session.error().message(),
                 {"stream 3", "DATA", "30000", "connection", "25536"}));
  CHECK(client.sent() == Lines{"GOAWAY 0 PROTOCOL_ERROR"});
}

TEST_CASE("a smaller window counts from when the peer has seen it", "[session][window updates]") {
  session::Options options = with_windows();
  options.initial_stream_window = 1000;
  Client client(options);
  const auto id = client.create_accepted();
  client.session.pause(id);
  SECTION("until its answer to the PING it may use the default") {
    client.receive_data(id, patterned_text(65536));
    CHECK(client.sent().empty());
    CHECK(client.window(id) == 1000 - 65536);
    client.receive_data(id, "x");
    CHECK(client.sent() == Lines{"RST_STREAM 1 FLOW_CONTROL_ERROR"});
  }
  SECTION("behind it, it may not") {
    client.receive(wire::PingFrame{1});
    client.receive_data(id, patterned_text(1000));
    CHECK(client.sent().empty());
    client.receive_data(id, "x");
    CHECK(client.sent() == Lines{"RST_STREAM 1 FLOW_CONTROL_ERROR"});
  }
  SECTION("the same for one that changes later") {
    client.receive(wire::PingFrame{1});
    REQUIRE_THAT(client.session.send_settings({{SettingId::kInitialWindowSize, 0, 400}}),
                 IsSuccess());
    CHECK(client.sent() == Lines{"SETTINGS 7=400", "PING 3"});
    REQUIRE_THAT(client.session.send_settings({{SettingId::kInitialWindowSize, 0, 300}}),
                 IsSuccess());
    CHECK(client.sent() == Lines{"SETTINGS 7=300", "PING 5"});
    client.receive_data(id, patterned_text(500));
    client.receive(wire::PingFrame{3});
    client.receive_data(id, patterned_text(500));  // as far as the second goes, it may
    CHECK(client.sent().empty());
    CHECK(client.window(id) == -700);
    client.receive(wire::PingFrame{5});
    client.session.resume(id);
    client.turn();
    CHECK(client.sent() == Lines{"WINDOW_UPDATE 1 1000"});
    client.session.pause(id);
    client.receive_data(id, patterned_text(300));
    CHECK(client.sent().empty());
    client.receive_data(id, "x");
    CHECK(client.sent() == Lines{"RST_STREAM 1 FLOW_CONTROL_ERROR"});
  }
}

TEST_CASE("a window that has grown is not announced past 2^31-1", "[session][window updates]") {
  GrowingClient client;
  client.use(milliseconds(10));
  REQUIRE(client.use(milliseconds(10)) == 16 * 65536);
  const auto announce = [&client](std::uint32_t window) {
    return client.session.send_settings({{SettingId::kInitialWindowSize, 0, window}});
  };
  const Error error = announce(0x7fffffff);
  CHECK(error_text(error) == "kBadSettings");
  CHECK(mentions(error.message(), {"2147483647", "which has grown"}));
  CHECK(client.sent().empty());
  CHECK_THAT(announce(0x7fffffff - 15 * 65536), IsSuccess());
  CHECK(client.session.stream_stats(client.id)->receive_window_size == 0x7fffffff);
}

TEST_CASE("a smaller window gives back what was too little for the larger one",
          "[session][window updates]") {
  Client client;
  const auto id = client.create_accepted();
  client.receive(wire::PingFrame{1});
  client.receive_data(id, patterned_text(30000));
  CHECK(client.sent().empty());
  // To the peer, its window is now 29000 bytes below nothing: no DATA will come that could remind
  // us of what it is owed.
  REQUIRE_THAT(client.session.send_settings({{SettingId::kInitialWindowSize, 0, 1000}}),
               IsSuccess());
  CHECK(client.sent() == Lines{"SETTINGS 7=1000", "WINDOW_UPDATE 1 30000", "PING 3"});
  CHECK(client.window(id) == 1000);
}

TEST_CASE("a larger window counts at once", "[session][window updates]") {
  Client client;
  const auto id = client.create_accepted();
  client.session.pause(id);
  REQUIRE_THAT(client.session.send_settings({{SettingId::kInitialWindowSize, 0, 100000}}),
               IsSuccess());
  CHECK(client.sent() == Lines{"SETTINGS 7=100000", "PING 3"});
  client.receive_data(id, patterned_text(100000));
  CHECK(client.sent().empty());
  CHECK(client.window(id) == 0);
  client.session.resume(id);
  client.turn();
  CHECK(client.sent() == Lines{"WINDOW_UPDATE 1 65536"});  // a block; the rest is less than half
}

}  // namespace
}  // namespace uvspdy::test
