#include "session/windows.h"

#include <algorithm>
#include <utility>

namespace uvspdy::session {

Windows::Windows(const Options& options)
    : limits_(options.limits),
      finder_(options.flow_control),
      send_(wire::kDefaultWindow),
      receive_(wire::kDefaultWindow),
      peer_initial_(wire::kDefaultWindow),
      own_initial_(options.initial_stream_window),
      slack_(std::max<std::int64_t>(
          0, std::int64_t{wire::kDefaultWindow} - std::int64_t{options.initial_stream_window})) {}

// ---- what we may send

std::size_t Windows::room(const Stream& stream, std::size_t most) const {
  if (!keeps_to_windows()) return most;
  const std::int64_t window = std::min(send_.available(), stream.sending.window.available());
  return std::min(most, static_cast<std::size_t>(std::max<std::int64_t>(window, 0)));
}

void Windows::sent(Stream& stream, std::size_t bytes) {
  if (!has_windows()) return;
  send_.sent(bytes);
  stream.sending.window.sent(bytes);
}

std::int64_t Windows::set_peer_initial(std::uint32_t size) {
  return std::int64_t{size} - std::int64_t{std::exchange(peer_initial_, size)};
}

// ---- what the peer may send

bool Windows::count(std::size_t bytes) {
  const bool fits = static_cast<std::int64_t>(bytes) <= receive_.available();
  receive_.received(bytes);
  if (!fits) receive_.note_overrun();
  return fits;
}

bool Windows::count(Stream& stream, std::size_t bytes) {
  const bool fits = static_cast<std::int64_t>(bytes) <= receive_available(stream);
  stream.receiving.window.received(bytes);
  if (fits) return true;
  stream.receiving.window.note_overrun();
  // A peer with flow control counts streams' windows, so this one does not count the connection's
  // either.
  receive_.note_overrun();
  return false;
}

std::uint32_t Windows::give_back(std::size_t bytes, const Moment& moment) {
  return give(receive_, bytes, 0, moment);
}

std::uint32_t Windows::give_back(Stream& stream, std::size_t bytes, const Moment& moment) {
  ReceiveWindow& window = stream.receiving.window;
  const std::int64_t before = window.growth();
  const auto limit = std::min<std::size_t>(limits_.stream_window, wire::kMaxWindow);
  const std::uint32_t delta = give(window, bytes, static_cast<std::int64_t>(limit), moment);
  growth_ += window.growth() - before;
  return delta;
}

std::uint32_t Windows::give(ReceiveWindow& window, std::size_t bytes, std::int64_t limit,
                            const Moment& moment) {
  // A peer that has shown no flow control gets a window back only when it has stopped at the end of
  // one: bytes that reach such a peer after its close are answered by a TCP reset, which destroys
  // what it has sent.
  const bool stopped = moment.peer_is_silent && has_windows() && stands_at_end(window);
  const bool wanted = found() == PeerFlowControl::kWindows || stopped;
  if (!wanted || !moment.may_send) {
    window.withhold(bytes);
    return 0;
  }
  // The growth of all windows together is limited to half of the connection's: streams that nobody
  // reads must not use up the rest of it for the others.
  const std::int64_t room_for_all = std::max<std::int64_t>(0, receive_.size() / 2 - growth_);
  const std::int64_t most_growth = std::min(limit - window.size(), room_for_all);
  return window.consumed(bytes, moment.now, moment.round_trip, most_growth);
}

std::uint32_t Windows::open() {
  const auto whole = static_cast<std::int64_t>(
      std::clamp<std::size_t>(limits_.connection_buffer, wire::kDefaultWindow, wire::kMaxWindow));
  const std::int64_t more = whole - receive_.size();
  receive_.move(more);
  return static_cast<std::uint32_t>(more);
}

std::int64_t Windows::set_own_initial(std::uint32_t size) {
  const std::int64_t difference =
      std::int64_t{size} - std::int64_t{std::exchange(own_initial_, size)};
  // Until the peer has read it, it may use the larger window (section 2.6.8, "Reducing the Stream
  // Window Size").
  if (difference < 0) slack_ -= difference;
  return difference;
}

// ---- a peer that turns out to have windows

void Windows::restart(std::size_t held) {
  if (send_.available() < 0) send_.restart(wire::kDefaultWindow);
  if (receive_.available() < 0) receive_.restart(held);
}

void Windows::restart(Stream& stream) const {
  SendWindow& send = stream.sending.window;
  Receiving& receiving = stream.receiving;
  if (send.available() < 0) send.restart(peer_initial_);
  if (receiving.window.available() < 0) receiving.window.restart(receiving.held.size());
}

}  // namespace uvspdy::session
