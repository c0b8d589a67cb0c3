#include "session/send_scheduler.h"

#include <bit>

namespace uvspdy::session {

void SendScheduler::move(Stream& stream, std::uint8_t list) {
  if (stream.list == list) return;
  remove(stream);
  lists_[list].push_back(stream);
  stream.list = list;
  occupied_ |= 1u << list;
}

void SendScheduler::remove(Stream& stream) {
  if (!stream.list) return;
  lists_[*stream.list].remove(stream);
  if (lists_[*stream.list].empty()) occupied_ &= ~(1u << *stream.list);
  stream.list.reset();
}

Stream* SendScheduler::take(bool window_is_open) {
  const std::uint32_t ready = occupied_ & takeable(window_is_open);
  if (ready == 0) return nullptr;
  const bool windowless = (ready >> kWindowless) != 0;
  const auto list = windowless ? kWindowless : static_cast<std::uint8_t>(std::countr_zero(ready));
  Stream* stream = lists_[list].first();
  remove(*stream);
  return stream;
}

}  // namespace uvspdy::session
