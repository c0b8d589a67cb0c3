#include "session/send_scheduler.h"

#include <bit>

namespace uvspdy::session {

void SendScheduler::move(Stream& stream, std::uint8_t list) {
  if (stream.list == list) return;
  remove(stream);
  List& line = lists_[list];
  stream.previous = line.last;
  (line.last != nullptr ? line.last->next : line.first) = &stream;
  line.last = &stream;
  stream.list = list;
  occupied_ |= 1u << list;
}

void SendScheduler::remove(Stream& stream) {
  if (!stream.list) return;
  List& line = lists_[*stream.list];
  (stream.previous != nullptr ? stream.previous->next : line.first) = stream.next;
  (stream.next != nullptr ? stream.next->previous : line.last) = stream.previous;
  if (line.first == nullptr) occupied_ &= ~(1u << *stream.list);
  stream.next = stream.previous = nullptr;
  stream.list.reset();
}

Stream* SendScheduler::take(bool window_is_open) {
  const std::uint32_t ready = occupied_ & takeable(window_is_open);
  if (ready == 0) return nullptr;
  const bool windowless = (ready >> kWindowless) != 0;
  const auto list = windowless ? kWindowless : static_cast<std::uint8_t>(std::countr_zero(ready));
  Stream* stream = lists_[list].first;
  remove(*stream);
  return stream;
}

}  // namespace uvspdy::session
