#include "session/held_input.h"

#include <algorithm>

namespace uvspdy::session {

bool HeldInput::wants_input() const {
  if (streams_over_ > 0) return false;
  if (!windows_.keeps_to_windows()) return size_ <= limits_.connection_buffer;
  // A peer that respects the window never exceeds it.
  const auto window = static_cast<std::size_t>(windows_.receive_size());
  return size_ <= std::max(limits_.connection_buffer, window);
}

std::size_t HeldInput::most(const Stream& stream) const {
  if (!windows_.keeps_to_windows()) return limits_.stream_buffer;
  // A peer that has not read our latest SETTINGS may still use a larger window.
  const std::int64_t window = std::max<std::int64_t>(windows_.most_unread(stream), 0);
  return std::max(limits_.stream_buffer, static_cast<std::size_t>(window));
}

bool HeldInput::overflows(const Stream& stream, std::size_t more) const {
  const Receiving& receiving = stream.receiving;
  return receiving.overflow == OverflowPolicy::kResetStream && !receiving.takes_data() &&
         (exceeds_stream(stream, more) || size_ + more > windows_.most_held());
}

void HeldInput::hold(Stream& stream, Bytes payload) {
  stream.receiving.held.append(payload);
  size_ += payload.size();
  note(stream);
}

std::vector<std::uint8_t> HeldInput::take(Stream& stream) {
  std::vector<std::uint8_t> bytes = stream.receiving.held.take_front();
  removed(stream, bytes.size());
  return bytes;
}

std::size_t HeldInput::drop(Stream& stream) {
  const std::size_t bytes = stream.receiving.held.size();
  stream.receiving.held.clear();
  removed(stream, bytes);
  return bytes;
}

void HeldInput::removed(Stream& stream, std::size_t bytes) {
  const Liveness::Reading before = reading();
  size_ -= bytes;
  note(stream);
  if ((before.unread && !is_unread()) || (!before.reads && wants_input())) reading_again_ = true;
}

// Updates whether the stream buffers so much that reading must stop. That applies to a stream that
// has resumed, whatever its policy, because the next advance delivers its data.
void HeldInput::note(Stream& stream) {
  Receiving& receiving = stream.receiving;
  const bool waits = receiving.overflow == OverflowPolicy::kStopReading || receiving.takes_data();
  const bool over = waits && receiving.held.size() > most(stream);
  if (over == receiving.over_buffer) return;
  const bool stopped = !wants_input();
  receiving.over_buffer = over;
  over ? ++streams_over_ : --streams_over_;
  if (stopped && wants_input()) reading_again_ = true;
}

}  // namespace uvspdy::session
