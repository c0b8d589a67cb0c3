#include "session/windows.h"

#include <algorithm>
#include <utility>

#include "session/share_of_rest.h"

namespace uvspdy::session {
namespace {

// A stream's window costs nothing but the connection's, so it grows in large steps: each costs a
// round trip.
constexpr std::int64_t kStreamGrowth = 16;
constexpr std::int64_t kConnectionGrowth = 4;

}  // namespace

Windows::Windows(const Options& options)
    : limits_(options.limits),
      finder_(options.flow_control),
      send_(wire::kDefaultWindow),
      receive_(wire::kDefaultWindow),
      base_(static_cast<std::int64_t>(std::clamp<std::size_t>(
          options.limits.connection_buffer, wire::kDefaultWindow, wire::kMaxWindow))),
      share_(options.window_budget),
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
  receive_.taken(bytes);
  if (!gives(receive_, moment)) return 0;
  if (may_grow()) resize_connection(moment);
  const std::uint32_t delta = receive_.give_back(moment.held);
  share_.resize(static_cast<std::size_t>(std::max<std::int64_t>(0, receive_.size() - base_)));
  return delta;
}

std::uint32_t Windows::give_back(Stream& stream, std::size_t bytes, const Moment& moment) {
  ReceiveWindow& window = stream.receiving.window;
  window.taken(bytes);
  if (!gives(window, moment)) return 0;
  if (!stream.receiving.held.empty()) {
    forget_active(stream);
  } else if (bytes > 0) {
    active_.used(window, growth(window));
  }
  const std::int64_t before = window.size();
  if (may_grow()) resize(stream, moment);
  const std::uint32_t delta = window.give_back(0);
  active_.resized(window, window.size() - before);
  return delta;
}

// A peer that has shown no flow control gets a window back only when it has stopped at the end of
// one: bytes that reach such a peer after its close are answered by a TCP reset, which destroys
// what it has sent.
bool Windows::gives(const ReceiveWindow& window, const Moment& moment) const {
  const bool stopped = moment.peer_is_silent && has_windows() && stands_at_end(window);
  return moment.may_send && (found() == PeerFlowControl::kWindows || stopped);
}

// The size that suits the peer, but half of the base more than what is held, so that others go on;
// and no more than the budget allows. A share of the budget that has become less than what is held
// leaves the window at what is held and half of the base: else all credit would be withheld, and
// the streams that are read would stop until a reader resumes.
void Windows::resize_connection(const Moment& moment) {
  const std::int64_t for_held = static_cast<std::int64_t>(moment.held) + base_ / 2;
  const std::int64_t most = std::max(base_ + static_cast<std::int64_t>(share_.most()),
                                     std::min(receive_.size(), for_held));
  const std::int64_t least = std::clamp(for_held, base_, most);
  std::int64_t size = std::clamp(
      receive_.wanted_size(moment.now, moment.round_trip, kConnectionGrowth), least, most);
  size = std::min<std::int64_t>(size, wire::kMaxWindow);
  const auto more = static_cast<std::size_t>(size - base_);
  if (more > share_.size()) {
    share_.resize(more);
    size = base_ + static_cast<std::int64_t>(share_.size());
  }
  receive_.resize(size);
}

// The size that suits the peer. All active streams together grow by no more than the connection's
// window, less a quarter of its base and what is held for the readers of others: streams that
// nobody reads must not use up the rest of it. One stream has a share of what the others leave; and
// in any case an equal part, with one part left over, which makes the others shrink to theirs.
void Windows::resize(Stream& stream, const Moment& moment) const {
  constexpr std::int64_t kTimes = 32;
  ReceiveWindow& window = stream.receiving.window;
  const auto others_held = static_cast<std::int64_t>(moment.held - stream.receiving.held.size());
  const std::int64_t for_all = receive_.size() - base_ / 4 - others_held;
  const std::int64_t left = for_all - active_.growth_of_others(window, growth(window));
  const std::int64_t most_growth =
      std::max<std::int64_t>({0, for_all / (active_.count() + 1), share_of_rest(left, kTimes)});
  const std::int64_t least = own_initial_;
  const auto limit =
      static_cast<std::int64_t>(std::min<std::size_t>(limits_.stream_window, wire::kMaxWindow));
  const std::int64_t most = std::max(least, std::min(limit, least + most_growth));
  window.resize(
      std::clamp(window.wanted_size(moment.now, moment.round_trip, kStreamGrowth), least, most));
}

std::size_t Windows::most_held() const {
  if (!keeps_to_windows()) return limits_.connection_buffer;
  // A quarter of the base is left for the streams that are read.
  return static_cast<std::size_t>(may_grow() ? receive_.size() - base_ / 4 : base_);
}

std::uint32_t Windows::open() {
  const std::int64_t more = base_ - receive_.size();
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
