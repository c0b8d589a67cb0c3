#include "simulated_side.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "support/catch.h"
#include "support/patterned_text.h"

namespace uvspdy::test {

using session::Errc;
using session::FlowControl;
using session::PeerFlowControl;
using wire::SettingId;

Side::Side(Role role, const Plan& plan, Random& random, ManualClock& clock)
    : session(role, role == Role::kClient ? plan.client : plan.server, *this),
      role_(role),
      plan_(plan),
      options_(role == Role::kClient ? plan.client : plan.server),
      random_(random),
      clock_(clock),
      initial_window_(options_.initial_stream_window) {}

bool Side::has_windows() const { return options_.flow_control != FlowControl::kNone; }

// What a side writes on a stream is known to the other.
std::string Side::payload(Role writer, wire::StreamId id) const {
  const std::size_t salt = 2 * id + (writer == Role::kClient ? 0 : 1);
  return patterned_text(salt * 7919 % plan_.largest_payload, salt);
}

// ---- what users do

void Side::create() {
  session::CreateOptions options;
  options.priority = static_cast<std::uint8_t>(random_.below(8));
  options.fin = random_.chance(10);
  options.unidirectional = random_.chance(10);
  const Result<wire::StreamId> id =
      session.create_stream({{"number", "of a stream"}}, options, clock_.now());
  if (!id) {
    CHECK((ending || gone));
    return;
  }
  User& user = users[*id];
  user.finished = options.fin;
  user.unidirectional = user.open = options.unidirectional;
  if (!options.fin) user.outgoing = payload(role_, *id);
}

void Side::act() {
  if (users.empty()) return;
  auto chosen = users.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(random_.below(users.size())));
  auto& [id, user] = *chosen;
  if (user.closed) return;
  switch (random_.below(8)) {
    case 0:
      user.paused = !user.paused && !user.discarded;
      user.paused ? session.pause(id) : session.resume(id);
      break;
    case 1:
      if (random_.chance(30)) reset(id, user, wire::RstStatus::kCancel);
      if (random_.chance(30)) discard(id, user);
      break;
    case 2: reply(id, user); break;
    case 3:
      if (random_.chance(3)) send_headers(id, user, false);
      break;
    default: write(id, user); break;
  }
}

void Side::change_settings() {
  if (!has_windows() || !session.is_open() || settings_left_ == 0) return;
  --settings_left_;
  std::vector<wire::SettingsFrame::Entry> entries;
  const std::size_t what = random_.below(8);
  if (what != 0) {
    entries.push_back(
        {SettingId::kInitialWindowSize, 0, draw_window(random_, plan_.largest_window)});
  }
  if (what < 3) {
    entries.push_back(
        {SettingId::kMaxConcurrentStreams, 0, static_cast<std::uint32_t>(random_.below(8))});
  }
  if (what == 3) entries.push_back({SettingId::kRoundTripTime, 0, 100});
  const std::uint32_t window = entries.empty() ? 0 : entries.front().value;
  const bool changes_window =
      !entries.empty() && entries.front().id == SettingId::kInitialWindowSize;
  check_streams();  // notes the windows that were
  const Error error = session.send_settings(std::move(entries));
  CHECK_THAT(error, IsSuccess());
  if (changes_window) {
    initial_window_ = window;
    most_initial_window_ = std::max(most_initial_window_, window);
  }
  check_streams();
}

void Side::finish_all() {
  if (has_windows() && session.is_open() && !std::exchange(limits_lifted_, true)) {
    CHECK_THAT(session.send_settings({{SettingId::kMaxConcurrentStreams, 0, 1000}}), IsSuccess());
  }
  for (auto& [id, user] : users) {
    user.paused = false;
    session.resume(id);
    if (user.closed) continue;
    reply(id, user);
    write(id, user);
  }
}

void Side::reply(wire::StreamId id, User& user) {
  if (!user.by_peer || user.open || user.closed || user.reset_here || !session.is_open()) return;
  const bool fin = !user.finished && random_.chance(10);
  // The session may know of an end that this user has yet to be told.
  if (session.reply(id, {{"accepted", "yes"}}, fin)) return;
  user.open = true;
  if (!fin) return;
  user.finished = true;
  user.outgoing.resize(user.written);
}

// A few buffers of random sizes, and the FIN behind the last.
void Side::write(wire::StreamId id, User& user) {
  while (user.written < user.outgoing.size() && session.writable(id)) {
    const std::size_t size = std::min(user.outgoing.size() - user.written,
                                      1 + random_.below(random_.chance(4) ? 4000 : 50));
    const Bytes piece = bytes_of(user.outgoing).subspan(user.written, size);
    if (session.write(id, Buffer(piece, nullptr))) return;  // it was reset meanwhile
    user.written += size;
    if (random_.chance(4)) break;
  }
  if (user.written < user.outgoing.size() || user.finished) return;
  if (random_.chance(4)) return send_headers(id, user, true);
  session.end(id);
  user.finished = true;
}

// They say where among the data they stand.
void Side::send_headers(wire::StreamId id, User& user, bool fin) {
  if (user.finished) return;
  Headers headers{{"at", std::to_string(user.written)},
                  {"number", std::to_string(user.headers_sent)}};
  if (session.send_headers(id, std::move(headers), fin)) return;
  ++user.headers_sent;
  user.finished = fin;
}

void Side::reset(wire::StreamId id, User& user, wire::RstStatus status) {
  session.reset(id, status);
  user.reset_here = true;
}

void Side::discard(wire::StreamId id, User& user) {
  session.discard(id);
  user.discarded = true;
  user.paused = false;
}

bool Side::all_closed() const {
  return std::all_of(users.begin(), users.end(),
                     [](const auto& entry) { return entry.second.closed; });
}

void Side::agreed() {
  check_streams();  // what is held already came by the windows that were
  most_initial_window_ = initial_window_;
}

// ---- what must hold after each step: only a breach is told, to be quick

void Side::check_connection() const {
  const session::Stats stats = session.stats();
  const auto held = static_cast<std::int64_t>(stats.held_bytes);
  auto most = static_cast<std::int64_t>(options_.limits.connection_buffer);
  if (has_windows()) {
    const auto base = std::max<std::int64_t>(most, wire::kDefaultWindow);
    most = std::max(most, stats.receive_window_size);
    const auto growth = static_cast<std::int64_t>(session::WindowBudget::kDefaultSize);
    if (most > base + growth) FAIL_CHECK("a receive window grown to " << most);
    // The window is at its default until the session opens.
    const bool no_more_than_whole = stats.receive_window <= most;
    if (!no_more_than_whole) FAIL_CHECK("a receive window of " << stats.receive_window);
  }
  const bool kept_to = stats.flow_control == PeerFlowControl::kWindows;
  if (kept_to && stats.receive_window < 0) {
    FAIL_CHECK("a receive window of " << stats.receive_window);
  }
  // Without windows, one read on top.
  if (held > most + (kept_to ? 0 : static_cast<std::int64_t>(Plan::kReadSize))) {
    FAIL_CHECK(held << " bytes are held");
  }
  // Without windows it is counted, and not kept to.
  if (stats.flow_control != PeerFlowControl::kNone && stats.send_window < 0)
    FAIL_CHECK("a send window of " << stats.send_window);
}

void Side::check_streams() {
  const bool kept_to = session.stats().flow_control == PeerFlowControl::kWindows;
  for (auto& [id, user] : users) {
    if (user.closed) continue;
    const auto stats = session.stream_stats(id);
    if (!stats) continue;
    const auto held = static_cast<std::int64_t>(stats->held_bytes);
    if (!kept_to) {
      const std::size_t most = std::max<std::size_t>(
          options_.limits.stream_buffer,
          has_windows() ? std::max<std::size_t>(plan_.largest_window, wire::kDefaultWindow) : 0);
      // A reader that has resumed holds what comes until it is told.
      if (plan_.prompt && stats->held_bytes > most + Plan::kReadSize) {
        FAIL_CHECK(held << " bytes are held for stream " << id);
      }
      continue;
    }
    // The peer may go by any window that was announced since the two last agreed.
    if (user.most_window == 0) user.most_window = most_initial_window_;
    user.most_window = std::max(user.most_window, stats->receive_window_size);
    if (stats->receive_window > stats->receive_window_size ||
        held > stats->receive_window_size - stats->receive_window || held > user.most_window) {
      FAIL_CHECK("stream " << id << " holds " << held << " bytes, its window is "
                           << stats->receive_window << " of " << stats->receive_window_size);
    }
  }
}

// ---- what they are told

void Side::on_stream(wire::SynStreamFrame&& frame) {
  const wire::StreamId id = frame.stream_id;
  CHECK(frame.headers.get("number") == "of a stream");
  CHECK_FALSE(users.contains(id));
  User& user = users[id];
  user.by_peer = true;
  if (frame.unidirectional) {
    user.unidirectional = user.open = true;
    user.finished = true;
    return;
  }
  user.outgoing = payload(role_, id);
  if (random_.chance(10)) return reset(id, user, wire::RstStatus::kRefusedStream);
  if (random_.chance(3)) write(id, user);  // before the reply
  if (random_.chance(4)) return;           // it comes later
  reply(id, user);
  CHECK(user.open);
}

void Side::on_reply(wire::StreamId id, Headers&& headers) {
  CHECK(headers.get("accepted") == "yes");
  CHECK_FALSE(users.at(id).open);
  users.at(id).open = true;
}

void Side::on_headers(wire::StreamId id, Headers&& headers) {
  User& user = users.at(id);
  CHECK_FALSE(user.closed);
  CHECK_FALSE(user.received);
  const std::size_t arrived = user.incoming.size() + session.stream_stats(id)->held_bytes;
  if (!user.discarded) CHECK(headers.get("at") == std::to_string(arrived));
  CHECK(headers.get("number") == std::to_string(user.headers_told));
  ++user.headers_told;
}

void Side::on_data(wire::StreamId id, Bytes bytes) {
  User& user = users.at(id);
  CHECK_FALSE(user.received);
  CHECK_FALSE(user.discarded);
  CHECK_FALSE(user.reset_here);
  CHECK_FALSE(user.paused);
  const std::size_t at = user.incoming.size();
  user.incoming += text_of(bytes);
  const std::string& expected = peer->users.at(id).outgoing;
  REQUIRE(user.incoming.size() <= expected.size());
  CHECK(user.incoming.compare(at, bytes.size(), expected, at, bytes.size()) == 0);
  if (random_.chance(8)) {
    user.paused = true;
    session.pause(id);
  }
}

void Side::on_received(wire::StreamId id, const Error& how) {
  User& user = users.at(id);
  CHECK_FALSE(user.closed);
  CHECK_FALSE(user.received);
  // What this side has done to the stream ends its pause, and what never began has none.
  const bool nothing_comes = user.unidirectional && !user.by_peer;
  if (user.paused) CHECK((user.reset_here || ending || !user.open || nothing_comes));
  user.received = true;
  if (!how && !nothing_comes && !user.discarded) {
    CHECK(user.incoming == peer->users.at(id).outgoing);
  }
}

void Side::on_sent(wire::StreamId id, const Error& how) {
  User& user = users.at(id);
  CHECK_FALSE(user.closed);
  CHECK_FALSE(user.sent);
  user.sent = true;
  if (!how) CHECK(user.finished);
}

void Side::on_stream_closed(wire::StreamId id, const Error& how) {
  User& user = users.at(id);
  CHECK_FALSE(user.closed);
  CHECK(user.received);
  CHECK(user.sent);
  user.closed = true;
  user.how = how;
  if (!how) return;
  INFO("stream " << id << ": " << how.message());
  const std::error_code code = how.code();
  if (code == Errc::kLimitExceeded) {
    ++overflows;
    CHECK(options_.overflow == session::OverflowPolicy::kResetStream);
    CHECK_FALSE((has_windows() && peer->has_windows()));
  } else if (code == Errc::kResetHere) {
    CHECK(user.reset_here);
  } else if (code == Errc::kConnectionClosed) {
    CHECK(ending);
  } else if (code == Errc::kGoneAway) {
    CHECK(gone);
    CHECK_FALSE(user.by_peer);
  } else if (code == Errc::kStreamRefused) {
    CHECK_FALSE(user.by_peer);
  } else if (code == Errc::kStreamReset) {
    // An overflow there is told later, behind what is held.
    const bool overflow = peer->options_.overflow == session::OverflowPolicy::kResetStream &&
                          !(has_windows() && peer->has_windows());
    CHECK((peer->users.at(id).reset_here || overflow || peer->ending));
  } else {
    CHECK(code == Errc::kConnectionLost);
  }
}

void Side::on_writable(wire::StreamId id) {
  User& user = users.at(id);
  CHECK_FALSE(user.sent);
  CHECK(session.writable(id));
  write(id, user);
}

void Side::on_reply_sent(wire::StreamId id) { CHECK_FALSE(users.at(id).closed); }

void Side::on_pong(std::uint32_t, std::chrono::nanoseconds round_trip) {
  CHECK(round_trip.count() >= 0);
  ++pongs;
}

}  // namespace uvspdy::test
