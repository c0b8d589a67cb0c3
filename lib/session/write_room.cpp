#include "session/write_room.h"

#include <algorithm>
#include <limits>

namespace uvspdy::session {

bool WriteRoom::add_queued(Stream& stream, std::size_t bytes) {
  Sending& sending = stream.sending;
  sending.queued += bytes;
  queued_ += bytes;
  sending.largest_write = static_cast<std::uint32_t>(std::clamp<std::size_t>(
      bytes, sending.largest_write, std::numeric_limits<std::uint32_t>::max()));
  const bool own_is_reached =
      sending.queued >= limits_.write_high_water || sending.queue.size() >= limits_.write_buffers;
  // While others wait, room is for one write.
  if (own_is_reached || limited_) enter(stream, Room::kFull);
  if (queued_ / 2 >= limit()) set_strict(true);
  if (!limited_) {
    limited_ = queued_ >= limit();
    written_past_ = 0;
    return limited_;
  }
  if (queued_ < limit()) return false;
  written_past_ += bytes;
  if (written_past_ < limit() / 4) return false;
  written_past_ = 0;
  while (!granted_.empty()) lose(*granted_.first());
  return false;
}

Stream* WriteRoom::take_lost() {
  Stream* const stream = lost_.first();
  if (stream != nullptr) wait(*stream);
  return stream;
}

bool WriteRoom::remove_queued(Stream& stream, std::size_t bytes) {
  Sending& sending = stream.sending;
  sending.queued -= bytes;
  queued_ -= bytes;
  if (queued_ <= limit() + limit() / 2) set_strict(false);
  if (sending.room != Room::kFull || is_over_own_half(sending) || !sending.takes_more()) {
    return false;
  }
  if (limited_) {
    wait(stream);
    return false;
  }
  sending.room = Room::kOpen;
  return true;
}

void WriteRoom::window_changed(Stream& stream) {
  switch (stream.sending.room) {
    case Room::kWaits:
    case Room::kUnable: return wait(stream);
    case Room::kGranted:
      if (!has_drained() && !can_send(stream)) lose(stream);
      return;
    case Room::kOpen:
    case Room::kFull:
    case Room::kLost: return;
  }
}

bool WriteRoom::is_over_own_half(const Sending& sending) const {
  return sending.queued > limits_.write_high_water / 2 ||
         sending.queue.size() > limits_.write_buffers / 2;
}

// Whether a write would leave: at least a part of it, from 2 L on all.
bool WriteRoom::can_send(const Stream& stream) const {
  const Sending& sending = stream.sending;
  if (sending.wire != WireState::kOpen) return false;
  if (!windows_.keeps_to_windows()) return true;
  const std::size_t write = std::max<std::size_t>(kWrite, sending.largest_write);
  return sending.window.available() >= (strict_ ? static_cast<std::int64_t>(write) : 1);
}

Stream* WriteRoom::next_in_line() {
  if (!has_drained()) return waiting_.first();
  const bool unable = waiting_.empty() || (unable_first_ && !unable_.empty());
  unable_first_ = !unable;
  return unable ? unable_.first() : waiting_.first();
}

WriteRoom::List* WriteRoom::list_of(Room room) {
  switch (room) {
    case Room::kGranted: return &granted_;
    case Room::kLost: return &lost_;
    case Room::kWaits: return &waiting_;
    case Room::kUnable: return &unable_;
    case Room::kOpen:
    case Room::kFull: break;
  }
  return nullptr;
}

// A stream that stays in its list keeps its place.
void WriteRoom::enter(Stream& stream, Room room) {
  Room& now = stream.sending.room;
  if (now == room) return;
  if (List* list = list_of(now)) list->remove(stream);
  now = room;
  if (List* list = list_of(room)) list->push_back(stream);
}

void WriteRoom::set_strict(bool strict) {
  if (strict_ == strict) return;
  strict_ = strict;
  // Those that change the list change to the one that is not walked.
  List& list = strict ? waiting_ : unable_;
  for (Stream* stream = list.first(); stream != nullptr;) {
    Stream* const next = List::after(*stream);
    wait(*stream);
    stream = next;
  }
}

// Nobody waits any more: each stream has its own limit alone.
void WriteRoom::end_limit() {
  if (!limited_ || !has_drained() || !waiting_.empty() || !unable_.empty() || !lost_.empty()) {
    return;
  }
  limited_ = false;
  while (!granted_.empty()) enter(*granted_.first(), Room::kOpen);
}

}  // namespace uvspdy::session
