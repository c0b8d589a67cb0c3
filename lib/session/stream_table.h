#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>

#include "session/stream.h"
#include "session/windows.h"
#include "uvspdy/session/options.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// The streams of a session, the ids used so far, and the counts that both sides' limits apply to.
/// Streams change their state only here, by the table of stream_rules.cpp, so that the counts stay
/// right.
class StreamTable {
 public:
  /// `options` and `windows` belong to the session and outlive this object.
  StreamTable(Role role, const Options& options, Windows& windows);

  // Finding.

  /// A stream that still has something to report, to receive or to send; or null.
  Stream* find(wire::StreamId id);
  const Stream* find(wire::StreamId id) const;

  /// Calls `function` for each. It may not add or remove streams.
  template <class Function>
  void each(Function function) {
    for (auto& [id, stream] : streams_) function(stream);
  }
  template <class Function>
  void each(Function function) const {
    for (const auto& [id, stream] : streams_) function(stream);
  }

  Creator creator_of(wire::StreamId id) const {
    return (id & 1) == (role_ == Role::kClient ? 1u : 0u) ? Creator::kHere : Creator::kPeer;
  }
  bool is_ours(wire::StreamId id) const { return creator_of(id) == Creator::kHere; }

  /// Whether an id has ever been on the wire. `stream` is the stream of that id, or null.
  bool was_used(wire::StreamId id, const Stream* stream) const;

  // Streams created here.

  bool has_ids_left() const { return next_id_ <= wire::kMaxStreamId; }
  wire::StreamId next_id() const { return next_id_; }
  /// Creates the stream of a frame, which has the next id, and appends it to the streams whose
  /// SYN_STREAM is to be sent.
  Stream& create(std::unique_ptr<wire::SynStreamFrame> frame);
  /// The first of the streams to be sent, if the peer allows another one; or null. The stream is
  /// removed from the line when its SYN_STREAM is taken.
  Stream* next_unsent();
  bool has_unsent() const { return !unsent_.empty() && own_ < most_own_; }
  /// Null if the SYN_STREAM was sent before, or the stream has ended.
  std::unique_ptr<wire::SynStreamFrame> take_unsent(Stream& stream);
  /// The peer's SETTINGS_MAX_CONCURRENT_STREAMS.
  void set_most_own(std::uint32_t most) { most_own_ = most; }
  std::uint32_t most_own() const { return most_own_; }
  bool own_is_full() const { return own_ >= most_own_; }

  // Streams created by the peer.

  wire::StreamId last_peer_id() const { return last_peer_id_; }
  void note_peer_id(wire::StreamId id);
  /// Whether our limits allow another stream whose headers cost `header_bytes`.
  bool has_room(std::size_t header_bytes) const;
  Stream& add(const wire::SynStreamFrame& frame, std::size_t header_bytes);
  /// The last good stream id of a GOAWAY: the newest one that was accepted.
  wire::StreamId last_accepted_id() const { return last_accepted_id_; }
  void note_accepted(wire::StreamId id);

  /// The queued control frames are in a batch. Until then a stream that was answered keeps its
  /// place among concurrent_streams even when it is over, so that a peer that reads no answers
  /// cannot make us queue any number of them.
  void note_control_left() {
    ++control_batch_;
    peers_leaving_ = 0;
  }

  // Their states.

  /// Changes the state of a stream if the table allows the event; returns whether it does.
  bool try_move(Stream& stream, StreamEvent event);
  void close(Stream& stream) {
    enter(stream, moved(stream.creator, stream.wire_states(), StreamState::kClosed));
  }

  // Their ends.

  /// The number of streams that on_stream_closed has not been called for.
  std::size_t unreported() const { return unreported_; }
  void note_closed_reported(Stream& stream);
  /// Removes a stream once on_stream_closed was called and nothing of it is left to send.
  void forget_when_over(Stream& stream);

  /// Forgets all streams, without a report; needs no memory. A call that is running may still have
  /// a reference to one: it reads an ended stream, with nothing to report, until `take_abandoned`.
  void abandon() noexcept;
  auto take_abandoned() { return std::exchange(abandoned_, {}); }

  /// The streams that unreported() counts, by StreamState.
  std::array<std::size_t, 7> count_by_state() const;

 private:
  Stream& emplace(wire::StreamId id, std::uint8_t priority, bool unidirectional);
  void enter(Stream& stream, WireStates states);
  void stop_counting(Stream& stream);
  void drop_from_line();

  Role role_;
  const Options& options_;
  Windows& windows_;
  using Streams = std::unordered_map<wire::StreamId, Stream>;
  Streams streams_;
  Streams abandoned_;
  std::size_t unreported_ = 0;

  wire::StreamId next_id_;
  std::deque<wire::StreamId> unsent_;
  std::size_t own_ = 0;  // sent and not closed on the wire
  std::uint32_t most_own_ = 0xffffffff;

  wire::StreamId last_peer_id_ = 0;
  wire::StreamId last_accepted_id_ = 0;
  std::size_t peers_ = 0;          // counted against concurrent_streams
  std::size_t peers_leaving_ = 0;  // over, but their answer is still queued
  std::size_t header_bytes_ = 0;   // counted against stream_headers
  std::uint32_t control_batch_ = 1;
};

}  // namespace uvspdy::session
