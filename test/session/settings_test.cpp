// SETTINGS (section 2.6.4), sent and received.

#include "support/mentions.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::FlowControl;
using session::Role;
using wire::kFlagPersisted;
using wire::kFlagPersistValue;
using wire::SettingId;
using wire::SettingsFrame;

using Entries = std::vector<SettingsFrame::Entry>;

struct Server : SessionDriver {
  explicit Server(session::Options options = with_windows())
      : SessionDriver(Role::kServer, std::move(options)) {
    receive(wire::PingFrame{1});
    open();
  }
};

TEST_CASE("SETTINGS go out sorted by id, with a PING behind", "[session][settings]") {
  SessionDriver client(Role::kClient, with_windows());
  client.open();
  CHECK_THAT(client.session.send_settings({{SettingId::kInitialWindowSize, 0, 2000},
                                           {SettingId::kRoundTripTime, kFlagPersisted, 50},
                                           {SettingId::kMaxConcurrentStreams, 0, 10}}),
             IsSuccess());
  CHECK(client.sent() == Lines{"SETTINGS 3=50 PERSISTED 4=10 7=2000", "PING 3"});
  // Its answer is nobody's pong.
  client.receive(wire::PingFrame{3});
  CHECK(client.told().empty());
}

TEST_CASE("a server may have values kept, and cleared", "[session][settings]") {
  Server server;
  CHECK_THAT(server.session.send_settings({{SettingId::kCurrentCwnd, kFlagPersistValue, 20}}, true),
             IsSuccess());
  CHECK(server.sent() == Lines{"SETTINGS CLEAR_SETTINGS 5=20 PERSIST_VALUE", "PING 4"});
}

TEST_CASE("settings that may not be sent", "[session][settings]") {
  const auto refused = [](SessionDriver& driver, Entries entries, bool clear, const char* part) {
    const Error error = driver.session.send_settings(std::move(entries), clear);
    CHECK(error_text(error) == "kBadSettings");
    CHECK(mentions(error.message(), {part}));
    CHECK(driver.sent().empty());
  };
  SECTION("by either side") {
    SessionDriver client(Role::kClient, with_windows());
    client.open();
    const auto id = client.create_accepted();
    refused(client, {{SettingId::kInitialWindowSize, 0, 9}, {SettingId::kInitialWindowSize, 0, 9}},
            false, "setting 7 stands there twice");
    refused(client,
            {{SettingId::kInitialWindowSize, 0, 9},
             {SettingId::kRoundTripTime, 0, 9},
             {SettingId::kInitialWindowSize, 0, 8}},
            false, "setting 7");
    refused(client, {{SettingId::kInitialWindowSize, 0, 0}}, false, "window of 0 bytes");
    refused(client, {{SettingId::kInitialWindowSize, 0, 0x80000000}}, false, "2147483648");
    // Nothing of a refused one has taken effect.
    CHECK(client.session.stream_stats(id)->receive_window == 65536);
  }
  SECTION("by a client") {
    SessionDriver client(Role::kClient, with_windows());
    client.open();
    refused(client, {{SettingId::kRoundTripTime, kFlagPersistValue, 9}}, false, "setting 3");
    refused(client, {}, true, "clear");
  }
  SECTION("by a server") {
    Server server;
    refused(server, {{SettingId::kRoundTripTime, kFlagPersisted, 9}}, false, "setting 3");
  }
  SECTION("without flow control") {
    SessionDriver client(Role::kClient);
    refused(client, {{SettingId::kRoundTripTime, 0, 9}}, false, "kNone");
  }
  SECTION("behind the end") {
    SessionDriver client(Role::kClient, with_windows());
    client.session.close(wire::GoAwayStatus::kOk);
    CHECK(error_text(client.session.send_settings({})) == "kConnectionClosed");
  }
}

TEST_CASE("an initial window of ours moves the windows of open streams", "[session][settings]") {
  SessionDriver client(Role::kClient, with_windows());
  client.open();
  const auto id = client.create_accepted();
  client.receive_data(id, "twelve bytes");
  CHECK_THAT(client.session.send_settings({{SettingId::kInitialWindowSize, 0, 10}}), IsSuccess());
  // What was read is given back at once: the peer stands at -2, and would wait for ever.
  CHECK(client.sent() == Lines{"SETTINGS 7=10", "WINDOW_UPDATE 1 12", "PING 3"});
  CHECK(client.session.stream_stats(id)->receive_window == 10);
  CHECK(client.session.stream_stats(id)->receive_window_size == 10);
  CHECK_THAT(client.session.send_settings({{SettingId::kInitialWindowSize, 0, 1000}}), IsSuccess());
  CHECK(client.session.stream_stats(id)->receive_window == 1000);
  CHECK(client.session.stats().receive_window == 4 * 1024 * 1024 - 12);
  CHECK(client.session.stream_stats(client.create())->receive_window == 1000);
}

TEST_CASE("a peer found without flow control is still sent what is asked for",
          "[session][settings]") {
  SessionDriver client(Role::kClient, with_windows(FlowControl::kAutomatic));
  client.open();
  client.receive(wire::PingFrame{1});
  CHECK_THAT(client.session.send_settings({{SettingId::kRoundTripTime, 0, 9}}), IsSuccess());
  CHECK(client.sent() == Lines{"SETTINGS 3=9", "PING 3"});
  client.receive(wire::PingFrame{3});
  CHECK(client.session.stats().flow_control == session::PeerFlowControl::kNone);
}

TEST_CASE("of a repeated id the first counts", "[session][settings]") {
  SessionDriver client(Role::kClient, with_windows());
  client.open();
  client.receive(SettingsFrame{false,
                               {{SettingId::kInitialWindowSize, 0, 5},
                                {SettingId::kRoundTripTime, 0, 1},
                                {SettingId::kInitialWindowSize, 0, 6},
                                {SettingId::kRoundTripTime, 0, 2}}});
  CHECK(client.told() == Lines{"on_settings 7=5 3=1"});
  CHECK(client.session.stream_stats(client.create())->send_window == 5);
}

TEST_CASE("persistence is told to clients, and is no business of servers", "[session][settings]") {
  const SettingsFrame frame{true,
                            {{SettingId::kRoundTripTime, kFlagPersistValue, 1},
                             {SettingId::kCurrentCwnd, kFlagPersisted, 2}}};
  SECTION("a client") {
    SessionDriver client(Role::kClient, with_windows());
    client.open();
    client.receive(frame);
    CHECK(client.told() == Lines{"on_settings CLEAR_SETTINGS 3=1 PERSIST_VALUE 5=2 PERSISTED"});
  }
  SECTION("a server") {
    Server server;
    server.receive(frame);
    CHECK(server.told() == Lines{"on_settings 3=1 5=2 PERSISTED"});
  }
}

TEST_CASE("unknown settings are told and do nothing", "[session][settings]") {
  SessionDriver client(Role::kClient, with_windows());
  client.open();
  client.receive(SettingsFrame{false, {{SettingId{0xabcdef}, 0, 77}, {SettingId{0}, 0, 1}}});
  CHECK(client.told() == Lines{"on_settings 11259375=77 0=1"});
  CHECK(client.session.is_open());
}

TEST_CASE("a handler may end the session in on_settings", "[session][settings]") {
  SessionDriver client(Role::kClient, with_windows());
  client.open();
  const auto id = client.create_accepted();
  client.handler.during = [&client](std::string_view name, wire::StreamId) {
    if (name == "on_settings") client.session.close(wire::GoAwayStatus::kOk);
  };
  client.receive(SettingsFrame{});
  CHECK(client.told() ==
        Lines{"on_settings", "on_stream_closed " + std::to_string(id) + " kConnectionClosed"});
  // Behind close they still count, and are not told.
  client.receive(SettingsFrame{});
  CHECK(client.told().empty());
}

}  // namespace
}  // namespace uvspdy::test
