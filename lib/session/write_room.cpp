#include "session/write_room.h"

#include <algorithm>

namespace uvspdy::session {

bool WriteRoom::add_queued(Stream& stream, std::size_t bytes) {
  Sending& sending = stream.sending;
  sending.queued += bytes;
  queued_ += bytes;
  const bool own_is_reached =
      sending.queued >= limits_.write_high_water || sending.queue.size() >= limits_.write_buffers;
  // While others wait, room is for one write.
  if (own_is_reached || limited_) enter(stream, Room::kFull);
  const std::size_t most = limits_.connection_write_high_water;
  if (!limited_) {
    limited_ = queued_ >= most;
    return limited_;
  }
  // More than a few have written: the others that were granted room wait again.
  if (queued_ >= most + most / 4) {
    while (!granted_.empty()) lose(*granted_.first());
  }
  return false;
}

Stream* WriteRoom::take_lost() {
  Stream* const stream = lost_.first();
  if (stream != nullptr) wait(*stream);
  return stream;
}

bool WriteRoom::remove_queued(Stream& stream, std::size_t bytes) {
  stream.sending.queued -= bytes;
  queued_ -= bytes;
  if (stream.sending.room != Room::kFull || is_over_own_half(stream.sending) ||
      !stream.sending.takes_more()) {
    return false;
  }
  if (limited_) {
    wait(stream);
    return false;
  }
  stream.sending.room = Room::kOpen;
  return true;
}

bool WriteRoom::is_over_own_half(const Sending& sending) const {
  return sending.queued > limits_.write_high_water / 2 ||
         sending.queue.size() > limits_.write_buffers / 2;
}

// Most of a write, while what waits for windows is less than twice the limit; then all of it.
bool WriteRoom::window_takes_write(const Stream& stream) const {
  if (!windows_.keeps_to_windows()) return true;
  const bool far_past = queued_ / 2 >= limits_.connection_write_high_water;
  const std::size_t needed =
      far_past ? kWrite
               : std::clamp<std::size_t>(windows_.peer_initial() / 2, kSmallestWindow, kWrite);
  return stream.sending.window.available() >= static_cast<std::int64_t>(needed);
}

Stream* WriteRoom::next_in_line() const {
  if (!waiting_.empty()) return waiting_.first();
  return has_drained() ? windowless_.first() : nullptr;
}

WriteRoom::List* WriteRoom::list_of(Room room) {
  switch (room) {
    case Room::kGranted: return &granted_;
    case Room::kLost: return &lost_;
    case Room::kWaits: return &waiting_;
    case Room::kWaitsForWindow: return &windowless_;
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

// Nobody waits any more: each stream has its own limit alone.
void WriteRoom::end_limit() {
  if (!limited_ || !has_drained() || !waiting_.empty() || !windowless_.empty() || !lost_.empty()) {
    return;
  }
  limited_ = false;
  while (!granted_.empty()) enter(*granted_.first(), Room::kOpen);
}

}  // namespace uvspdy::session
