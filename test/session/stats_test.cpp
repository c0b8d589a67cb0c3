// Session::stats and stream_stats.

#include "support/patterned_text.h"
#include "support/session_driver.h"

namespace uvspdy::test {
namespace {

using session::FlowControl;
using session::PeerFlowControl;
using session::Role;
using session::StreamState;

std::size_t in_state(const session::Session& session, StreamState state) {
  return session.stats().streams_by_state[static_cast<std::size_t>(state)];
}

TEST_CASE("stats count frames, bytes and payload", "[session][stats]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  const std::size_t syn_stream = client.take_output().size();
  CHECK(client.session.stats().frames_sent == 1);
  CHECK(client.session.stats().bytes_sent == syn_stream);
  CHECK(client.session.stats().payload_sent == 0);

  const std::vector<std::uint8_t> reply = client.peer.bytes(wire::SynReplyFrame{.stream_id = id});
  client.receive_bytes(reply);
  client.receive_data(id, "twelve bytes");
  client.receive(wire::PingFrame{2});
  session::Stats stats = client.session.stats();
  CHECK(stats.frames_received == 3);
  CHECK(stats.bytes_received == reply.size() + 8 + 12 + 12);
  CHECK(stats.payload_received == 12);

  client.write(id, patterned_text(20000));
  CHECK(client.session.stats().queued_bytes == 20000);
  CHECK(client.session.stream_stats(id)->queued_bytes == 20000);
  // In the batch and not with the transport: queued still, for the connection.
  const std::size_t size = joined(client.session.output()).size();
  client.output_sent(size - 1);
  CHECK(client.session.stats().queued_bytes == 20000);
  CHECK(client.session.stream_stats(id)->queued_bytes == 0);
  client.output_sent(1);
  stats = client.session.stats();
  CHECK(stats.queued_bytes == 0);
  CHECK(stats.payload_sent == 20000);
  CHECK(stats.frames_sent == 4);  // the PING's answer, and DATA in two turns
  CHECK(stats.bytes_sent == syn_stream + 12 + 8 + 8 + 20000);
}

TEST_CASE("stats show where streams stand", "[session][stats]") {
  SessionDriver client(Role::kClient);
  const auto id = client.create();
  CHECK(in_state(client.session, StreamState::kIdle) == 1);
  client.sent();
  CHECK(in_state(client.session, StreamState::kReserved) == 1);
  CHECK(client.session.stream_stats(id)->state == StreamState::kReserved);
  client.receive(wire::SynReplyFrame{.stream_id = id});
  CHECK(in_state(client.session, StreamState::kOpen) == 1);
  client.create({}, {.fin = true});
  client.sent();
  CHECK(in_state(client.session, StreamState::kReservedHalfClosed) == 1);
  client.session.end(id);
  client.sent();
  CHECK(in_state(client.session, StreamState::kHalfClosedLocal) == 1);
  const auto other = client.create_accepted();
  client.receive_data(other, "", true);
  CHECK(in_state(client.session, StreamState::kHalfClosedRemote) == 1);
  CHECK(client.session.stats().streams == 3);

  // Closed on the wire, and its end not told yet.
  client.session.pause(id);
  client.receive_data(id, "held", true);
  client.turn();
  CHECK(in_state(client.session, StreamState::kClosed) == 1);
  CHECK(client.session.stream_stats(id)->held_bytes == 4);
  CHECK(client.session.stats().held_bytes == 4);
  client.session.resume(id);
  client.turn();
  CHECK(client.session.stats().streams == 2);
  CHECK_FALSE(client.session.stream_stats(id));
  CHECK_FALSE(client.session.stream_stats(77));
}

TEST_CASE("stats show windows, and what is known of the peer's", "[session][stats]") {
  SessionDriver none(Role::kClient);
  CHECK(none.session.stats().flow_control == PeerFlowControl::kNone);
  SessionDriver automatic(Role::kClient, with_windows(FlowControl::kAutomatic));
  CHECK(automatic.session.stats().flow_control == PeerFlowControl::kUnknown);
  CHECK_FALSE(automatic.session.stats().round_trip);
  SessionDriver client(Role::kClient, with_windows());
  client.open();
  CHECK(client.session.stats().flow_control == PeerFlowControl::kWindows);

  const auto id = client.create_accepted();
  client.write(id, patterned_text(100));
  client.sent();
  client.receive_data(id, patterned_text(200));
  const session::StreamStats stream = client.session.stream_stats(id).value();
  CHECK(stream.send_window == 65536 - 100);
  CHECK(stream.receive_window == 65536 - 200);
  CHECK(stream.receive_window_size == 65536);
  CHECK(client.session.stats().send_window == 65536 - 100);
  CHECK(client.session.stats().receive_window == 4 * 1024 * 1024 - 200);
}

}  // namespace
}  // namespace uvspdy::test
