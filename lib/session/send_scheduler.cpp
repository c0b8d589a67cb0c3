#include "session/send_scheduler.h"

#include <bit>

namespace uvspdy::session {

void SendScheduler::add(Stream& stream) {
  if (stream.scheduled) return;
  Line& line = lines_[stream.priority];
  stream.previous = line.last;
  stream.next = nullptr;
  (line.last != nullptr ? line.last->next : line.first) = &stream;
  line.last = &stream;
  stream.scheduled = true;
  occupied_ = static_cast<std::uint8_t>(occupied_ | (1u << stream.priority));
}

void SendScheduler::remove(Stream& stream) {
  if (!stream.scheduled) return;
  Line& line = lines_[stream.priority];
  (stream.previous != nullptr ? stream.previous->next : line.first) = stream.next;
  (stream.next != nullptr ? stream.next->previous : line.last) = stream.previous;
  stream.next = stream.previous = nullptr;
  stream.scheduled = false;
  if (line.first == nullptr) {
    occupied_ = static_cast<std::uint8_t>(occupied_ & ~(1u << stream.priority));
  }
}

Stream* SendScheduler::take() {
  if (occupied_ == 0) return nullptr;
  Stream* stream = lines_[static_cast<std::size_t>(std::countr_zero(occupied_))].first;
  remove(*stream);
  return stream;
}

}  // namespace uvspdy::session
