#include "received_frames.h"

#include <algorithm>
#include <variant>

namespace uvspdy::fuzz {

void ReceivedFrames::observe(Bytes piece) {
  for (;;) {
    const Result<wire::Decoded> decoded = decoder_.next(piece);
    if (!decoded || std::holds_alternative<wire::NeedMoreInput>(*decoded)) return;
    any_ = true;
    std::visit([this](const auto& frame) { see(frame); }, *decoded);
  }
}

void ReceivedFrames::see(const wire::DataChunk& chunk) {
  if (chunk.frame_begin) payload_missing_ = chunk.frame_length;
  payload_missing_ -= chunk.payload.size();
  payload_[chunk.stream_id] += text_of(chunk.payload);
  note_fin(chunk.stream_id, chunk.fin && chunk.frame_end);
}

void ReceivedFrames::see(const wire::SynStreamFrame& frame) {
  syn_streams_.insert(frame.stream_id);
  note_fin(frame.stream_id, frame.fin);
  starts_[frame.stream_id].push_back(payload_[frame.stream_id].size());
}

void ReceivedFrames::see(const wire::SynReplyFrame& frame) {
  syn_replies_.insert(frame.stream_id);
  note_fin(frame.stream_id, frame.fin);
  starts_[frame.stream_id].push_back(payload_[frame.stream_id].size());
}

void ReceivedFrames::see(const wire::SettingsFrame& frame) {
  for (const wire::SettingsFrame::Entry& entry : frame.entries) {
    if (entry.id != wire::SettingId::kInitialWindowSize) continue;
    largest_initial_window_ = std::max<std::int64_t>(largest_initial_window_, entry.value);
  }
}

std::int64_t ReceivedFrames::stream_credit(wire::StreamId id) const {
  const auto found = credit_.find(id);
  const std::int64_t added = found == credit_.end() ? 0 : found->second;
  // SETTINGS move the windows of streams, never the connection's.
  return added + (id == 0 ? wire::kDefaultWindow : largest_initial_window_);
}

void ReceivedFrames::see(const wire::PingFrame& frame) {
  if (!is_ours(role_, frame.id)) unanswered_pings.push_back(frame.id);
}

}  // namespace uvspdy::fuzz
