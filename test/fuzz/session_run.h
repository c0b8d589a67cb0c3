#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "checked_handler.h"
#include "fuzz_input.h"
#include "hostile_peer.h"
#include "received_frames.h"
#include "sent_frames.h"
#include "session_choices.h"
#include "support/manual_clock.h"
#include "uvspdy/session/session.h"

namespace uvspdy::fuzz {

/// The most that the transport reads at once.
inline constexpr std::size_t kReadSize = 2048;

/// A session's life as the fuzzer's bytes tell it: what its user does, what its peer sends, in what
/// pieces, when time passes, how much output is taken. docs/fuzzing.md has the format.
class SessionRun {
 public:
  SessionRun(session::Role role, Bytes input);

  void run();

 private:
  void step();
  void local_step(std::uint8_t what);
  void peer_step(HostilePeer::Frame frame);
  wire::StreamId choose_stream();

  void create_stream();
  void reply();
  void write();
  void send_headers();
  void send_settings();
  void ping();
  void deliver(std::size_t size);
  void receive(Bytes read);
  void receive_end();
  void give_up();
  void abort();
  void take_output(std::size_t most);
  void advance(session::Time::duration by);
  void turn();
  void act_in_handler();
  void trace(const session::FrameTrace& frame);
  void check();
  void check_windows(const session::Stats& stats);
  void check_budget(const session::Stats& stats);

  void end();
  void drain();
  void check_over();

  session::Role role_;
  FuzzInput input_;
  SessionChoices choices_;
  session::Options options_;
  test::ManualClock clock_;
  ReceivedFrames received_;
  SentFrames sent_;
  CheckedHandler handler_;
  HostilePeer peer_;
  session::Session session_;

  std::vector<std::uint8_t> wire_;    // sent by the peer, not received yet
  std::size_t delivered_ = 0;         // of it
  std::vector<std::uint8_t> unsent_;  // what output() still has to show
  bool output_ended_ = false;
  // What we let the peer send on a stream: at most, ever; now, at a stream's start; and before it
  // knows that this has become less.
  std::int64_t largest_window_;
  std::int64_t window_now_;
  std::int64_t window_slack_;
  std::map<wire::StreamId, std::size_t> written_;
  std::size_t traced_in_ = 0;
  std::size_t traced_out_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::optional<wire::StreamId> reset_by_peer_;  // an RST_STREAM that is being handled
};

}  // namespace uvspdy::fuzz
