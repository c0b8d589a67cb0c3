#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "support/frame_lines.h"
#include "uvspdy/session/handler.h"

namespace uvspdy::test {

/// A session::Handler that writes down what it is told, one line a call:
///
///     on_data 1 'hello'
///     on_received 1 ok
///     on_stream_closed 1 kStreamReset
///
/// and puts a word in front of a call that the Session's promises rule out: "OUTSIDE" for one
/// that does not come from receive, receive_end or advance (see Turn), "NESTED" for one inside
/// another, "LATE" for one after the stream's on_stream_closed, or behind the end of its direction,
/// "EARLY" for an on_stream_closed that comes before both directions' ends.
class RecordingHandler final : public session::Handler {
 public:
  /// Stands around each receive, receive_end and advance.
  class Turn {
   public:
    explicit Turn(RecordingHandler& handler) : handler_(handler) { handler_.in_turn_ = true; }
    ~Turn() { handler_.in_turn_ = false; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    RecordingHandler& handler_;
  };

  /// Called inside each call, after it was written down: what a user does in its handlers. The
  /// name is the handler function's; the id is that of the stream, or 0.
  std::function<void(std::string_view name, wire::StreamId id)> during;

  /// What was told since this was last called. The on_stream_closed of a stream that broke off
  /// stands for the ends of directions directly before it, too, if they have the same reason.
  Lines take();

  /// The same, each call a line.
  Lines take_all();

  /// All payload of a stream so far.
  const std::string& data(wire::StreamId id) { return data_[id]; }

  /// The text of the error in the last on_stream_closed.
  const std::string& closed_message() const { return closed_message_; }

  void on_stream(wire::SynStreamFrame&& frame) override;
  void on_reply(wire::StreamId id, Headers&& headers) override;
  void on_headers(wire::StreamId id, Headers&& headers) override;
  void on_data(wire::StreamId id, Bytes bytes) override;
  void on_received(wire::StreamId id, const Error& how) override;
  void on_sent(wire::StreamId id, const Error& how) override;
  void on_stream_closed(wire::StreamId id, const Error& how) override;
  void on_writable(wire::StreamId id) override;
  void on_full(wire::StreamId id) override;
  void on_reply_sent(wire::StreamId id) override;
  void on_settings(const wire::SettingsFrame& frame) override;
  void on_pong(std::uint32_t ping_id, std::chrono::nanoseconds round_trip) override;
  void on_goaway(const wire::GoAwayFrame& frame) override;

 private:
  void record(std::string_view name, wire::StreamId id, const std::string& text);

  bool in_turn_ = false;
  bool in_call_ = false;
  Lines lines_;
  std::map<wire::StreamId, std::string> data_;
  std::set<wire::StreamId> received_;  // streams whose on_received has come
  std::set<wire::StreamId> sent_;
  std::set<wire::StreamId> closed_;
  std::string closed_message_;
};

/// The name of an error's code as the header has it, or "ok".
std::string error_text(const Error& error);

}  // namespace uvspdy::test
