#include "session/stream_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace uvspdy::session {
namespace {

wire::StreamId first_id(Role role, wire::StreamId wanted) {
  const wire::StreamId parity = role == Role::kClient ? 1 : 0;
  wanted = std::min(wanted, wire::kMaxStreamId);
  if (wanted == 0) return parity == 1 ? 1 : 2;
  return (wanted & 1) == parity ? wanted : wanted + 1;
}

}  // namespace

StreamTable::StreamTable(Role role, const Options& options, Windows& windows)
    : role_(role),
      options_(options),
      windows_(windows),
      next_id_(first_id(role, options.first_stream_id)) {}

// ---- finding

Stream* StreamTable::find(wire::StreamId id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

const Stream* StreamTable::find(wire::StreamId id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : &found->second;
}

bool StreamTable::was_used(wire::StreamId id, const Stream* stream) const {
  if (stream != nullptr) return !stream->is_idle();
  return id != 0 && (is_ours(id) ? id < next_id_ : id <= last_peer_id_);
}

Stream& StreamTable::emplace(wire::StreamId id, std::uint8_t priority, bool unidirectional) {
  Stream& stream =
      streams_
          .emplace(std::piecewise_construct, std::forward_as_tuple(id),
                   std::forward_as_tuple(id, creator_of(id), unidirectional,
                                         windows_.new_send_window(), windows_.new_receive_window()))
          .first->second;
  stream.priority = std::min(priority, wire::kLowestPriority);
  stream.receiving.overflow = options_.overflow;
  ++unreported_;
  return stream;
}

// ---- streams created here

Stream& StreamTable::create(std::unique_ptr<wire::SynStreamFrame> frame) {
  next_id_ += 2;
  Stream& stream = emplace(frame->stream_id, frame->priority, frame->unidirectional);
  stream.unsent = std::move(frame);
  unsent_.push_back(stream.id);
  return stream;
}

Stream* StreamTable::next_unsent() { return has_unsent() ? find(unsent_.front()) : nullptr; }

std::unique_ptr<wire::SynStreamFrame> StreamTable::take_unsent(Stream& stream) {
  std::unique_ptr<wire::SynStreamFrame> frame = std::move(stream.unsent);
  // A stream at the front of the line has not ended.
  if (frame) drop_from_line();
  return frame;
}

void StreamTable::drop_from_line() {
  while (!unsent_.empty()) {
    const Stream* stream = find(unsent_.front());
    if (stream != nullptr && stream->unsent) return;
    unsent_.pop_front();
  }
}

// ---- streams created by the peer

void StreamTable::note_peer_id(wire::StreamId id) {
  if (!is_ours(id)) last_peer_id_ = std::max(last_peer_id_, id);
}

bool StreamTable::has_room(std::size_t header_bytes) const {
  return peers_ + peers_leaving_ < options_.limits.concurrent_streams &&
         header_bytes_ + header_bytes <= options_.limits.stream_headers;
}

Stream& StreamTable::add(const wire::SynStreamFrame& frame, std::size_t header_bytes) {
  Stream& stream = emplace(frame.stream_id, frame.priority, frame.unidirectional);
  stream.counted = true;
  stream.header_bytes = static_cast<std::uint32_t>(header_bytes);
  ++peers_;
  header_bytes_ += header_bytes;
  return stream;
}

void StreamTable::note_accepted(wire::StreamId id) {
  last_accepted_id_ = std::max(last_accepted_id_, id);
}

// The peer may open another stream in place of this one. A stream with data for its reader goes on
// counting, or a peer could make us hold any number of them.
void StreamTable::stop_counting(Stream& stream) {
  if (!std::exchange(stream.counted, false)) return;
  --peers_;
  if (stream.answered_in_batch == control_batch_) ++peers_leaving_;
  header_bytes_ -= stream.header_bytes;
}

// ---- states and ends

bool StreamTable::try_move(Stream& stream, StreamEvent event) {
  const StreamRule rule = rule_for(stream.creator, stream.state(), event);
  if (rule.verdict != StreamRule::Verdict::kAllowed) return false;
  const bool answers = event == StreamEvent::kSendSynReply || event == StreamEvent::kSendReset;
  if (answers) stream.answered_in_batch = control_batch_;
  enter(stream, moved(stream.creator, stream.wire_states(), rule.next));
  return true;
}

void StreamTable::enter(Stream& stream, WireStates states) {
  const auto is_active = [&stream] { return !stream.is_idle() && !stream.is_closed(); };
  const bool was_receiving = stream.receiving.wire == WireState::kOpen;
  const bool was_active = is_active();
  stream.set_wire_states(states);
  if (stream.creator == Creator::kHere) {
    own_ -= was_active;
    own_ += is_active();
  }
  if (was_receiving && stream.receiving.wire != WireState::kOpen) windows_.forget_active(stream);
  if (!stream.is_closed()) return;
  if (!stream.receiving.is_unread()) stop_counting(stream);
}

void StreamTable::note_closed_reported(Stream& stream) {
  stream.closed_reported = true;
  --unreported_;
  stop_counting(stream);
}

void StreamTable::forget_when_over(Stream& stream) {
  if (!stream.closed_reported || stream.sending.has_more()) return;
  // Destroyed only when the table is consistent: the error of its end may be the user's object.
  [[maybe_unused]] const auto forgotten = streams_.extract(stream.id);
}

void StreamTable::abandon() noexcept {
  for (auto& [id, stream] : streams_) {
    stream.sending.abandon();
    stream.receiving.abandon();
    stream.closed_reported = true;
    stream.reply_sent_due = false;
  }
  // A second time there is nothing: no stream is created after the end.
  if (!streams_.empty()) abandoned_.swap(streams_);
  unsent_.clear();
  unreported_ = 0;
}

std::array<std::size_t, 7> StreamTable::count_by_state() const {
  std::array<std::size_t, 7> counts{};
  for (const auto& [id, stream] : streams_) {
    if (!stream.closed_reported) ++counts[static_cast<std::size_t>(stream.state())];
  }
  return counts;
}

}  // namespace uvspdy::session
