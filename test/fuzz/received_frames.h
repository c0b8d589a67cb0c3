#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/limits.h"
#include "uvspdy/session/options.h"
#include "uvspdy/wire/frame_decoder.h"

namespace uvspdy::fuzz {

/// What has been handed to a session, frame by frame: what its handler and its output are held
/// against. It sees each piece before the session does.
class ReceivedFrames {
 public:
  ReceivedFrames(session::Role role, const Limits& limits) : role_(role), decoder_(limits) {}

  void observe(Bytes piece);

  /// Whether a whole frame, or a piece of DATA, has come.
  bool any() const { return any_; }

  bool has_syn_stream(wire::StreamId id) const { return syn_streams_.contains(id); }
  bool has_syn_reply(wire::StreamId id) const { return syn_replies_.contains(id); }
  /// Whether a frame with FLAG_FIN has come for the id.
  bool has_fin(wire::StreamId id) const { return fins_.contains(id); }
  wire::StreamId last_syn_stream() const {
    return syn_streams_.empty() ? 0 : *syn_streams_.rbegin();
  }

  /// How much of a DATA frame that has begun is still to come.
  std::size_t payload_missing() const { return payload_missing_; }

  /// The payload of all DATA for a stream id, from the first byte of the connection on.
  const std::string& payload(wire::StreamId id) { return payload_[id]; }
  /// Where in it a stream of that id may begin: at each SYN_STREAM and SYN_REPLY for it. Which of
  /// them the session takes is its own business.
  const std::vector<std::size_t>& starts(wire::StreamId id) { return starts_[id]; }

  /// The most that the peer has ever let us send on a stream, and on the connection: what the
  /// windows began with and all that was added.
  std::int64_t stream_credit(wire::StreamId id) const;
  std::int64_t connection_credit() const { return stream_credit(0); }

  /// Ids of the PINGs that ask for an answer and have none yet, oldest first.
  std::deque<std::uint32_t> unanswered_pings;

 private:
  void see(const wire::NeedMoreInput&) {}
  void see(const wire::DataChunk& chunk);
  void see(const wire::SynStreamFrame& frame);
  void see(const wire::SynReplyFrame& frame);
  void see(const wire::HeadersFrame& frame) { note_fin(frame.stream_id, frame.fin); }
  void see(const wire::PingFrame& frame);
  void see(const wire::SettingsFrame& frame);
  void see(const wire::WindowUpdateFrame& frame) { credit_[frame.stream_id] += frame.delta; }
  template <class Frame>
  void see(const Frame&) {}
  void note_fin(wire::StreamId id, bool fin) {
    if (fin) fins_.insert(id);
  }

  session::Role role_;
  wire::FrameDecoder decoder_;
  bool any_ = false;
  std::size_t payload_missing_ = 0;
  std::set<wire::StreamId> syn_streams_;
  std::set<wire::StreamId> syn_replies_;
  std::set<wire::StreamId> fins_;
  std::map<wire::StreamId, std::string> payload_;
  std::map<wire::StreamId, std::vector<std::size_t>> starts_;
  std::map<wire::StreamId, std::int64_t> credit_;  // by WINDOW_UPDATEs; 0: the connection
  std::int64_t largest_initial_window_ = wire::kDefaultWindow;
};

/// Whether an id has the parity of those that this side gives out.
inline bool is_ours(session::Role role, std::uint32_t id) {
  return (id & 1) == (role == session::Role::kClient ? 1u : 0u);
}

}  // namespace uvspdy::fuzz
