#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>

#include "session/stream.h"
#include "session/windows.h"
#include "uvspdy/session/options.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// The streams of a session, the ids that were used, and what is counted of them against the limits
/// of either side. States are moved here, by the table of stream_rules.cpp, so that the counts stay
/// true.
class StreamTable {
 public:
  /// `options` and `windows` are the session's and outlive this.
  StreamTable(Role role, const Options& options, Windows& windows);

  // Finding.

  /// A stream that has something to tell, to take in or to send; or null.
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

  /// Whether a stream of that id, `stream` if it is there, was ever on the wire.
  bool was_used(wire::StreamId id, const Stream* stream) const;

  // Streams created here.

  bool has_ids_left() const { return next_id_ <= wire::kMaxStreamId; }
  wire::StreamId next_id() const { return next_id_; }
  /// Takes the next id, which the frame has, and stands in line to be sent.
  Stream& create(std::unique_ptr<wire::SynStreamFrame> frame);
  /// The first in line, if the peer lets us have another; or null. It leaves the line when its
  /// SYN_STREAM is taken.
  Stream* next_unsent();
  bool has_unsent() const { return !unsent_.empty() && own_ < most_own_; }
  /// Null if it has left before, or has ended.
  std::unique_ptr<wire::SynStreamFrame> take_unsent(Stream& stream);
  /// The peer's SETTINGS_MAX_CONCURRENT_STREAMS.
  void set_most_own(std::uint32_t most) { most_own_ = most; }
  std::uint32_t most_own() const { return most_own_; }
  bool own_is_full() const { return own_ >= most_own_; }

  // Streams created by the peer.

  wire::StreamId last_peer_id() const { return last_peer_id_; }
  void note_peer_id(wire::StreamId id);
  /// Whether our limits have room for another one, with headers of that cost.
  bool has_room(std::size_t header_bytes) const;
  Stream& add(const wire::SynStreamFrame& frame, std::size_t header_bytes);
  /// The newest one that was accepted, for GOAWAY.
  wire::StreamId last_accepted_id() const { return last_accepted_id_; }
  void note_accepted(wire::StreamId id);

  /// The control frames that were queued are on their way. Until then the place of a stream that
  /// was answered, and is over, is not given to another one: a peer that takes no answers cannot
  /// make us queue any number of them.
  void note_control_left() {
    ++control_batch_;
    peers_leaving_ = 0;
  }

  // Their states.

  /// Moves the stream on, if the event is allowed, and says whether it is.
  bool try_move(Stream& stream, StreamEvent event);
  void close(Stream& stream) {
    enter(stream, moved(stream.creator, stream.wire_states(), StreamState::kClosed));
  }

  // Their ends.

  /// Streams whose end the handler has not been told.
  std::size_t untold() const { return untold_; }
  void note_closed_told(Stream& stream);
  /// A stream whose end was told stays only for what it still has to send.
  void forget_when_over(Stream& stream);

  /// Streams whose end is untold, by StreamState.
  std::array<std::size_t, 7> count_by_state() const;

 private:
  Stream& emplace(wire::StreamId id, std::uint8_t priority, bool unidirectional);
  void enter(Stream& stream, WireStates states);
  void stop_counting(Stream& stream);
  void drop_from_line();

  Role role_;
  const Options& options_;
  Windows& windows_;
  std::unordered_map<wire::StreamId, Stream> streams_;
  std::size_t untold_ = 0;

  wire::StreamId next_id_;
  std::deque<wire::StreamId> unsent_;
  std::size_t own_ = 0;  // on the wire, and not closed there
  std::uint32_t most_own_ = 0xffffffff;

  wire::StreamId last_peer_id_ = 0;
  wire::StreamId last_accepted_id_ = 0;
  std::size_t peers_ = 0;          // that count against our limit
  std::size_t peers_leaving_ = 0;  // those that are over, and whose answer is queued
  std::size_t header_bytes_ = 0;   // of those that count
  std::uint32_t control_batch_ = 1;
};

}  // namespace uvspdy::session
