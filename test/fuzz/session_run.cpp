#include "session_run.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "violation.h"

namespace uvspdy::fuzz {
namespace {

using session::Role;
using namespace std::chrono_literals;

Role other(Role role) { return role == Role::kClient ? Role::kServer : Role::kClient; }

// SETTINGS entries of our own, some of which must be refused.
std::vector<wire::SettingsFrame::Entry> settings_from(FuzzInput& input) {
  std::vector<wire::SettingsFrame::Entry> entries;
  for (std::size_t count = input.below(4); count > 0; --count) {
    const std::uint8_t choice = input.u8();
    const std::uint32_t value = (choice & 0x10) != 0 ? input.u32() : input.u16();
    const auto flags = static_cast<std::uint8_t>(choice >> 6);
    entries.push_back({static_cast<wire::SettingId>(choice & 0xf), flags, value});
  }
  return entries;
}

}  // namespace

SessionRun::SessionRun(Role role, Bytes input)
    : role_(role),
      input_(input),
      choices_(input_),
      options_(choices_.options(role)),
      received_(role, options_.limits),
      sent_(role, options_, received_),
      handler_(received_, sent_),
      peer_(other(role)),
      session_(role, options_, handler_),
      largest_window_(
          std::max<std::int64_t>(options_.initial_stream_window,
                                 static_cast<std::int64_t>(options_.limits.stream_window))),
      window_now_(options_.initial_stream_window),
      window_slack_(std::max<std::int64_t>(0, wire::kDefaultWindow - window_now_)) {
  if (choices_.traces()) {
    session_.on_trace([this](const session::FrameTrace& frame) { trace(frame); });
  }
  handler_.is_writable = [this](wire::StreamId id) { return session_.writable(id); };
  if (choices_.accepts_streams()) {
    handler_.on_new_stream = [this](wire::StreamId id) { (void)session_.reply(id, {}); };
  }
  if (choices_.acts_in_handlers()) handler_.act = [this] { act_in_handler(); };
}

void SessionRun::run() {
  for (std::size_t i = 0; i < choices_.streams_at_start(); ++i) create_stream();
  while (!input_.empty()) {
    step();
    check();
  }
  end();
}

// ---- what happens

void SessionRun::step() {
  const std::uint8_t what = input_.u8() % 36;
  switch (what) {
    case 0: {
      const Bytes raw = input_.bytes(input_.u16());
      wire_.insert(wire_.end(), raw.begin(), raw.end());
      return;
    }
    case 1: return deliver(input_.u16());
    case 2: return take_output(input_.u16());
    case 3: {
      constexpr std::array<session::Time::duration, 8> kSteps = {0ms, 1ms, 100ms, 1s,
                                                                 3s,  11s, 31s,   1h};
      return advance(kSteps[input_.below(kSteps.size())]);
    }
    case 4: return receive_end();
    case 5: return turn();
    case 6: return peer_step(HostilePeer::Frame::kSynStream);
    case 7: return peer_step(HostilePeer::Frame::kSynReply);
    case 8:
    case 9: return peer_step(HostilePeer::Frame::kData);
    case 10: return peer_step(HostilePeer::Frame::kRstStream);
    case 11: return peer_step(HostilePeer::Frame::kSettings);
    case 12: return peer_step(HostilePeer::Frame::kPing);
    case 13: return peer_step(HostilePeer::Frame::kGoAway);
    case 14: return peer_step(HostilePeer::Frame::kHeaders);
    case 15: return peer_step(HostilePeer::Frame::kWindowUpdate);
    case 16: return peer_step(HostilePeer::Frame::kBadHeaderBlock);
    default: return local_step(what);
  }
}

// What a user may do at any time, inside a handler too.
void SessionRun::local_step(std::uint8_t what) {
  switch (what) {
    case 17: return create_stream();
    case 18: return reply();
    case 19:
    case 20: return write();
    case 21: session_.end(choose_stream()); return;
    case 22: {
      const wire::StreamId id = choose_stream();
      session_.reset(id, static_cast<wire::RstStatus>(1 + input_.below(9)));
      return handler_.pause_is_over(id);
    }
    case 23: {
      const wire::StreamId id = choose_stream();
      session_.pause(id);
      return handler_.set_paused(id, true);
    }
    case 24: {
      const wire::StreamId id = choose_stream();
      session_.resume(id);
      return handler_.set_paused(id, false);
    }
    case 25: return ping();
    case 26: return session_.keep_on_close(choose_stream());
    case 27:
      // Seldom: it ends most of what can happen.
      if (input_.below(4) != 0) return;
      session_.close(static_cast<wire::GoAwayStatus>(input_.below(3)));
      return handler_.pauses_are_over();
    case 28:
      if (input_.below(4) == 0) abort();
      return;
    case 29: return take_output(input_.u8());
    case 30:
      return session_.set_idle_timeout(std::chrono::milliseconds(input_.u16()), clock_.now());
    case 31: return send_headers();
    case 32: return send_settings();
    case 33: {
      const wire::StreamId id = choose_stream();
      return session_.set_overflow(id, input_.flag() ? session::OverflowPolicy::kResetStream
                                                     : session::OverflowPolicy::kStopReading);
    }
    case 34:
      if (input_.below(4) != 0) return;
      session_.shutdown(clock_.now());
      return handler_.pauses_are_over();
    default: return give_up();
  }
}

void SessionRun::act_in_handler() {
  if (input_.empty()) return;
  const std::uint8_t what = input_.u8();
  if (what >= 17 && what < 36) local_step(what);
}

// ---- what the user does

wire::StreamId SessionRun::choose_stream() {
  const std::uint8_t choice = input_.u8();
  if (choice >= 0xf8) return input_.u32() & wire::kMaxStreamId;
  if (choice >= 0xf0) return choice & 0xf;
  const std::vector<wire::StreamId>& ids = handler_.ids();
  if (ids.empty()) return choice;
  // The newest first: the older ones are mostly over.
  return ids[ids.size() - 1 - choice % ids.size()];
}

void SessionRun::create_stream() {
  const std::uint8_t choice = input_.u8();
  session::CreateOptions options;
  options.priority = choice >> 5;
  options.fin = (choice & 3) == 1;
  options.unidirectional = (choice & 12) == 4;
  if ((choice & 16) != 0) options.associated_to = choose_stream();
  Headers headers = headers_from(input_);
  const Result<wire::StreamId> id =
      session_.create_stream(std::move(headers), options, clock_.now());
  if (!id) return;
  require(is_ours(role_, *id), "create_stream gives an id of the peer's parity");
  handler_.created(*id, options.unidirectional);
}

void SessionRun::reply() {
  const wire::StreamId id = choose_stream();
  const bool fin = input_.below(4) == 0;
  (void)session_.reply(id, headers_from(input_), fin);
}

void SessionRun::send_headers() {
  const wire::StreamId id = choose_stream();
  const bool fin = input_.below(4) == 0;
  (void)session_.send_headers(id, headers_from(input_), fin);
}

void SessionRun::send_settings() {
  std::vector<wire::SettingsFrame::Entry> entries = settings_from(input_);
  const bool clear = input_.below(4) == 0;
  if (session_.send_settings(entries, clear)) return;
  for (const wire::SettingsFrame::Entry& entry : entries) {
    if (entry.id != wire::SettingId::kInitialWindowSize) continue;
    // Until it has seen a smaller one the peer may use the larger one.
    largest_window_ = std::max<std::int64_t>(largest_window_, entry.value);
    window_slack_ += std::max<std::int64_t>(0, window_now_ - std::int64_t{entry.value});
    window_now_ = entry.value;
  }
}

void SessionRun::write() {
  const wire::StreamId id = choose_stream();
  const std::size_t size = input_.u16() & 0x1fff;
  const std::size_t start = written_[id];
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = SentFrames::pattern(id, start + i);
  if (session_.write(id, Buffer(std::move(bytes)))) return;
  written_[id] += size;
  sent_.written(id, size);
}

void SessionRun::ping() {
  const Result<std::uint32_t> id = session_.ping(clock_.now());
  if (id) handler_.pinged(*id);
}

// A reader that leaves, or a writer that says that its data is not whole.
void SessionRun::give_up() {
  const wire::StreamId id = choose_stream();
  if (input_.flag()) {
    session_.discard(id);
    return handler_.discarded(id);
  }
  session_.end_with_reset(id);
}

void SessionRun::abort() {
  output_ended_ = true;
  handler_.pauses_are_over();
  session_.abort(Error(session::Errc::kConnectionClosed, "the fuzzer aborts"));
}

// ---- what the peer does

void SessionRun::peer_step(HostilePeer::Frame frame) {
  const std::uint8_t choice = input_.u8();
  // A stream of either side, known or not, as choose_stream finds it.
  const wire::StreamId stream = choose_stream();
  peer_.append(frame, stream, input_, wire_);
  if ((choice & 1) == 0) deliver(0);
}

// Hands `size` bytes on, 0 for all, in reads, as long as the session wants them.
void SessionRun::deliver(std::size_t size) {
  std::size_t left = wire_.size() - delivered_;
  if (size != 0) left = std::min(left, size);
  while (left > 0 && session_.wants_input()) {
    // A read's memory is gone behind it, and as large as the read: nothing may look past either.
    const auto begin = wire_.begin() + static_cast<std::ptrdiff_t>(delivered_);
    const std::size_t read = std::min(left, kReadSize);
    const std::vector<std::uint8_t> piece(begin, begin + static_cast<std::ptrdiff_t>(read));
    received_.observe(piece);
    const CheckedHandler::Turn turn(handler_);
    receive(piece);
    delivered_ += read;
    left -= read;
    reset_by_peer_.reset();
    check();
  }
  if (delivered_ == wire_.size()) {
    wire_.clear();
    delivered_ = 0;
  }
}

// Passes a whole read on, however often the session takes only a part, or nothing because it slows
// the peer.
void SessionRun::receive(Bytes read) {
  while (!read.empty()) {
    const std::size_t taken = session_.receive(read, clock_.now());
    read = read.subspan(taken);
    if (taken > 0) continue;
    require(!session_.wants_input(), "input that is wanted and not taken");
    const std::optional<session::Time> until = session_.deadline();
    require(until.has_value(), "a session that takes nothing, and no deadline");
    if (*until > clock_.now()) clock_.advance(*until - clock_.now());
    session_.advance(clock_.now());
  }
}

void SessionRun::receive_end() {
  if (input_.below(4) != 0) return;  // seldom: it ends all that can happen
  output_ended_ = true;
  const CheckedHandler::Turn turn(handler_);
  session_.receive_end(input_.flag() ? Error(session::Errc::kConnectionLost, "cut") : Error());
}

// ---- what the transport and the clock do

// Takes up to `most` bytes, 0 for all that there are.
void SessionRun::take_output(std::size_t most) {
  std::size_t taken = 0;
  do {
    const bool waits = role_ == Role::kServer && options_.wait_for_client && !received_.any() &&
                       session_.is_open();
    const bool expected = session_.has_output();
    const std::span<const Bytes> spans = session_.output();
    std::vector<std::uint8_t> bytes;
    for (const Bytes span : spans) {
      require(!span.empty(), "output with an empty span");
      bytes.insert(bytes.end(), span.begin(), span.end());
    }
    require(waits || spans.empty() != expected, "has_output disagrees with output");
    if (!output_ended_ && !unsent_.empty()) {
      require(bytes == unsent_, "output changes before it is sent");
    }
    if (output_ended_) require(bytes.empty(), "output after its end");
    if (bytes.empty()) return;
    const std::size_t count = most == 0 ? bytes.size() : std::min(bytes.size(), most - taken);
    sent_.observe(Bytes(bytes).first(count));
    unsent_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(count), bytes.end());
    taken += count;
    bytes_sent_ += count;
    session_.output_sent(count, clock_.now());
  } while (taken != most && session_.has_output());
}

void SessionRun::advance(session::Time::duration by) {
  clock_.advance(by);
  turn();
}

void SessionRun::turn() {
  // Handlers may cause more to be told, as long as the input tells them to.
  const std::size_t most = 1000 + input_.rest().size();
  for (std::size_t round = 0; session_.deadline() && *session_.deadline() <= clock_.now();
       ++round) {
    require(round < most, "a deadline that stays past: an event loop would spin");
    const CheckedHandler::Turn turn(handler_);
    session_.advance(clock_.now());
  }
}

}  // namespace uvspdy::fuzz
