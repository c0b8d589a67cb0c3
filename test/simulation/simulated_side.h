#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "plan.h"
#include "support/manual_clock.h"
#include "uvspdy/session/session.h"

// One side of a simulated connection: a session and users who write, pause, reset and finish at
// random, and who check all that they are told.

namespace uvspdy::test {

using session::Role;

/// What one side knows of a stream.
struct User {
  std::string outgoing;  // all that this side will write
  std::size_t written = 0;
  std::size_t headers_sent = 0;
  bool by_peer = false;  // the peer has created it
  bool unidirectional = false;
  bool open = false;      // replied to, by either side
  bool finished = false;  // the session was told that no more will be written
  bool paused = false;
  std::string incoming;
  std::size_t headers_told = 0;
  bool discarded = false;  // it reads no more
  bool received = false;   // the ends that were told
  bool sent = false;
  bool closed = false;
  Error how;  // it was closed
  bool reset_here = false;
  std::int64_t most_window = 0;  // that this side has given
};

/// One session with its users. Checks what it is told as it is told.
class Side final : public session::Handler {
 public:
  Side(Role role, const Plan& plan, Random& random, ManualClock& clock);

  std::map<wire::StreamId, User> users;
  session::Session session;
  Side* peer = nullptr;

  // What has happened to it.
  std::size_t pongs = 0;
  std::size_t settings_told = 0;
  std::size_t overflows = 0;
  bool gone = false;
  bool ending = false;  // this side has called shutdown or close

  const session::Options& options() const { return options_; }

  void create();

  /// One user does one thing.
  void act();

  /// SETTINGS in mid-run, if this side has any: a window, a number of streams, something else.
  void change_settings();

  /// Nobody pauses any more, streams that wait get their answer, and limits are lifted.
  void finish_all();

  bool all_closed() const;

  /// Nothing is under way: the peer knows our newest window.
  void agreed();

  /// Checks what is held, and the windows, of the connection; and of every stream.
  void check_connection() const;
  void check_streams();

  void on_stream(wire::SynStreamFrame&& frame) override;
  void on_reply(wire::StreamId id, Headers&& headers) override;
  void on_headers(wire::StreamId id, Headers&& headers) override;
  void on_data(wire::StreamId id, Bytes bytes) override;
  void on_received(wire::StreamId id, const Error& how) override;
  void on_sent(wire::StreamId id, const Error& how) override;
  void on_stream_closed(wire::StreamId id, const Error& how) override;
  void on_writable(wire::StreamId id) override;
  void on_reply_sent(wire::StreamId id) override;
  void on_settings(const wire::SettingsFrame&) override { ++settings_told; }
  void on_pong(std::uint32_t ping_id, std::chrono::nanoseconds round_trip) override;
  void on_goaway(const wire::GoAwayFrame&) override { gone = true; }

 private:
  bool has_windows() const;
  std::string payload(Role writer, wire::StreamId id) const;
  void reply(wire::StreamId id, User& user);
  void write(wire::StreamId id, User& user);
  void send_headers(wire::StreamId id, User& user, bool fin);
  void reset(wire::StreamId id, User& user, wire::RstStatus status);
  void discard(wire::StreamId id, User& user);

  Role role_;
  const Plan& plan_;
  session::Options options_;
  Random& random_;
  ManualClock& clock_;
  std::size_t settings_left_ = 30;
  bool limits_lifted_ = false;
  std::uint32_t initial_window_;  // the newest that was announced
  std::uint32_t most_initial_window_ = wire::kDefaultWindow;
};

}  // namespace uvspdy::test
