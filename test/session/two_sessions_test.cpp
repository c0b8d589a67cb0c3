// Two sessions joined: what only shows with both ends there.

#include <algorithm>

#include "support/joined_sessions.h"
#include "support/patterned_text.h"

namespace uvspdy::test {
namespace {

using session::FlowControl;
using session::PeerFlowControl;

TEST_CASE("a stream that nobody reads stops no other", "[session][two sessions]") {
  const auto mode = GENERATE(FlowControl::kAutomatic, FlowControl::kStandard, FlowControl::kNone);
  session::Options options = with_windows(mode);
  JoinedSessions pair(options, options);
  const auto stalled = pair.stream();
  std::vector<wire::StreamId> others;
  for (int i = 0; i < 10; ++i) others.push_back(pair.stream());
  pair.server.session.pause(stalled);

  // Without windows it is the buffer that has to hold it all.
  const std::size_t much = mode == FlowControl::kNone ? options.limits.stream_buffer : 3000000;
  pair.client.write(stalled, patterned_text(much));
  pair.run();
  for (const auto id : others) pair.client.write(id, patterned_text(100000, id));
  pair.run();
  for (const auto id : others) {
    CHECK(pair.server.handler.data(id) == patterned_text(100000, id));
    pair.server.write(id, patterned_text(100000, id + 1));
  }
  pair.run();
  for (const auto id : others) {
    CHECK(pair.client.handler.data(id) == patterned_text(100000, id + 1));
  }
  CHECK(pair.server.handler.data(stalled).empty());
  CHECK(pair.server.session.stream_stats(stalled)->held_bytes ==
        (mode == FlowControl::kNone ? much : 65536));

  pair.server.session.resume(stalled);
  pair.run();
  CHECK(pair.server.handler.data(stalled) == patterned_text(much));
  for (const SessionDriver* side : {&pair.client, &pair.server}) {
    CHECK(side->session.stats().flow_control ==
          (mode == FlowControl::kNone ? PeerFlowControl::kNone : PeerFlowControl::kWindows));
  }
}

TEST_CASE("automatic finds out without sending anything for it", "[session][two sessions]") {
  const auto [mode, found] = GENERATE(std::pair{FlowControl::kAutomatic, PeerFlowControl::kWindows},
                                      std::pair{FlowControl::kStandard, PeerFlowControl::kWindows},
                                      std::pair{FlowControl::kNone, PeerFlowControl::kNone});
  const bool automatic_is_client = GENERATE(true, false);
  const session::Options automatic = with_windows(FlowControl::kAutomatic);
  const session::Options other = with_windows(mode);
  JoinedSessions pair(automatic_is_client ? automatic : other,
                      automatic_is_client ? other : automatic);
  const auto id = pair.stream();
  pair.client.write(id, patterned_text(1000000));
  pair.server.write(id, patterned_text(1000000, 1));
  pair.run();
  SessionDriver& asked = automatic_is_client ? pair.client : pair.server;
  CHECK(asked.session.stats().flow_control == found);
  CHECK(pair.server.handler.data(id) == patterned_text(1000000));
  CHECK(pair.client.handler.data(id) == patterned_text(1000000, 1));
}

TEST_CASE("both sides close at once with more to say than the windows have room for",
          "[session][two sessions]") {
  const auto mode = GENERATE(FlowControl::kAutomatic, FlowControl::kStandard, FlowControl::kNone);
  const bool paused = GENERATE(false, true);
  session::Options options = with_windows(mode);
  options.limits.connection_buffer = 100000;
  JoinedSessions pair(options, options);
  const auto id = pair.stream();
  if (paused) {
    pair.client.session.pause(id);
    pair.server.session.pause(id);
  }
  pair.client.write(id, patterned_text(500000));
  pair.server.write(id, patterned_text(500000));
  pair.run();
  pair.client.session.close(wire::GoAwayStatus::kOk);
  pair.server.session.close(wire::GoAwayStatus::kOk);
  pair.run();
  CHECK(pair.client.session.finished());
  CHECK(pair.server.session.finished());
  // The side that is done first resets the stream, which spares the other the rest of it.
  const auto sent = [](const SessionDriver& side) { return side.session.stats().payload_sent; };
  CHECK(std::max(sent(pair.client), sent(pair.server)) == 500000);
}

TEST_CASE("both sides close, each with more to say on a stream that the other is done with",
          "[session][two sessions]") {
  session::Options options = with_windows();
  options.initial_stream_window = 1000;
  JoinedSessions pair(options, options);
  const auto up = pair.stream();
  const auto down = pair.stream();
  pair.client.session.pause(down);
  pair.server.session.pause(up);
  pair.client.write(up, patterned_text(100000));
  pair.client.session.end(down);
  pair.server.write(down, patterned_text(100000));
  pair.server.session.end(up);
  pair.run();
  const bool after_shutdown = GENERATE(false, true);
  for (SessionDriver* side : {&pair.client, &pair.server}) {
    if (after_shutdown) side->session.shutdown(side->clock.now());
  }
  pair.run();
  for (SessionDriver* side : {&pair.client, &pair.server}) {
    side->session.close(wire::GoAwayStatus::kOk);
  }
  pair.run();
  CHECK(pair.client.session.finished());
  CHECK(pair.server.session.finished());
}

TEST_CASE("close gets everything to a peer that reads", "[session][two sessions]") {
  const auto mode = GENERATE(FlowControl::kAutomatic, FlowControl::kStandard, FlowControl::kNone);
  JoinedSessions pair(with_windows(mode), with_windows(mode));
  const auto id = pair.stream();
  pair.client.write(id, patterned_text(1000000));
  pair.client.session.end(id);
  pair.client.session.close(wire::GoAwayStatus::kOk);
  pair.run();
  CHECK(pair.client.session.finished());
  CHECK(pair.server.handler.data(id) == patterned_text(1000000));
  const Lines told = pair.server.told();
  REQUIRE_FALSE(told.empty());
  CHECK(told.back() == "on_goaway 0 OK");
}

TEST_CASE("streams that a shutdown has refused are safe to retry", "[session][two sessions]") {
  JoinedSessions pair(with_windows(), with_windows());
  const auto open = pair.stream();
  const auto asked = pair.client.create();
  pair.run();  // the server does not answer
  pair.client.told();
  pair.server.session.shutdown(pair.server.clock.now());
  const auto crossing = pair.client.create();
  pair.run();
  const Lines told = pair.client.told();
  CHECK(told == Lines{"on_goaway " + std::to_string(open) + " OK",
                      "on_stream_closed " + std::to_string(asked) + " kStreamRefused",
                      "on_stream_closed " + std::to_string(crossing) + " kGoneAway"});
  // The open one ends in order, and with it both sessions can.
  pair.client.write(open, "the rest");
  for (SessionDriver* side : {&pair.client, &pair.server}) side->session.end(open);
  pair.run();
  CHECK(pair.server.handler.data(open) == "the rest");
  CHECK(pair.client.told().back() == "on_stream_closed 1 ok");
  CHECK(pair.server.session.finished());
  CHECK_THAT(pair.server.session.error(), IsSuccess());
}

}  // namespace
}  // namespace uvspdy::test
