#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "received_frames.h"
#include "sent_frames.h"
#include "uvspdy/session/handler.h"

namespace uvspdy::fuzz {

/// A session::Handler that holds the session to its contract: no call from outside a turn or inside
/// another, none for a stream that is over, each kind in its place, and exactly the payload that
/// came.
class CheckedHandler final : public session::Handler {
 public:
  CheckedHandler(ReceivedFrames& received, const SentFrames& sent)
      : received_(received), sent_(sent) {}

  /// Stands around each receive, receive_end and advance.
  class Turn {
   public:
    explicit Turn(CheckedHandler& handler) : handler_(handler) { handler_.in_turn_ = true; }
    ~Turn() { handler_.in_turn_ = false; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    CheckedHandler& handler_;
  };

  /// What the user does inside a call.
  std::function<void()> act = [] {};
  /// What the user does with a new stream of the peer's.
  std::function<void(wire::StreamId)> on_new_stream = [](wire::StreamId) {};
  /// Whether a stream may be told to be writable.
  std::function<bool(wire::StreamId)> is_writable = [](wire::StreamId) { return true; };

  // What the user did.
  void created(wire::StreamId id, bool unidirectional);
  void set_paused(wire::StreamId id, bool paused);
  void discarded(wire::StreamId id);
  /// This side has done something to the stream, or to all, that ends its pause, and leaves no
  /// reader that could pause again.
  void pause_is_over(wire::StreamId id);
  void pauses_are_over();
  void pinged(std::uint32_t id) { pings_.insert(id); }

  /// Every id that names or has named a stream, in the order of their beginning.
  const std::vector<wire::StreamId>& ids() const { return ids_; }
  /// How many of them have not been told closed.
  std::size_t live() const { return live_; }
  bool in_call() const { return in_call_; }

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
  class Call;

  struct Stream {
    bool ours = false;
    bool unidirectional = false;
    bool replied = false;
    bool received = false;  // the ends that were told
    bool sent = false;
    bool closed = false;
    bool ended_well = true;  // both of them, as far as they were
    bool paused = false;
    bool discarded = false;
    bool reader_taken = false;
    std::vector<std::size_t> starts;  // where its payload may begin, by what was delivered
    std::size_t delivered = 0;
    bool reply_sent = false;
  };

  Stream& begin(wire::StreamId id);
  Stream& live_stream(wire::StreamId id, const char* call);
  static bool awaits_reply(const Stream& stream);
  void check_payload(Stream& stream, wire::StreamId id, Bytes bytes);

  ReceivedFrames& received_;
  const SentFrames& sent_;
  bool in_turn_ = false;
  bool in_call_ = false;
  bool goaway_ = false;
  std::map<wire::StreamId, Stream> streams_;
  std::vector<wire::StreamId> ids_;
  std::size_t live_ = 0;
  std::set<std::uint32_t> pings_;
};

}  // namespace uvspdy::fuzz
