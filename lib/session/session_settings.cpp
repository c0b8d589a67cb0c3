// PINGs and SETTINGS that the user sends.

#include <algorithm>
#include <string>
#include <utility>

#include "session/session_impl.h"

namespace uvspdy::session {

Result<std::uint32_t> Session::Impl::ping(Time now) {
  open(now);
  if (!is_open()) return Error(Errc::kConnectionClosed, "no PING: the connection is closed");
  const std::uint32_t id = pings_.send(Pings::Purpose::kAsked, now);
  control_.send(wire::PingFrame{id});
  return id;
}

Error Session::Impl::send_settings(std::vector<wire::SettingsFrame::Entry> entries, bool clear) {
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  if (Error error = check_settings(entries, clear)) return error;
  std::int64_t window_change = 0;
  for (const wire::SettingsFrame::Entry& entry : entries) {
    if (entry.id == wire::SettingId::kMaxConcurrentStreams) {
      options_.limits.concurrent_streams = entry.value;
    } else if (entry.id == wire::SettingId::kInitialWindowSize) {
      window_change = windows_.set_own_initial(entry.value);
    }
  }
  control_.send(wire::SettingsFrame{clear, std::move(entries)});
  streams_.each([&](Stream& stream) {
    stream.receiving.window.move(window_change);
    consumed_by_stream(stream, 0);  // half of a smaller window may have been used already
  });
  // Otherwise the opening, with a PING of its own, is still to be sent.
  if (!opening_.is_missing()) {
    control_.send(wire::PingFrame{pings_.send(Pings::Purpose::kSettings, now_)});
  }
  return {};
}

Error Session::Impl::check_settings(const std::vector<wire::SettingsFrame::Entry>& entries,
                                    bool clear) const {
  if (!is_open()) return Error(Errc::kConnectionClosed, "no SETTINGS: the connection is closed");
  if (!windows_.has_windows()) {
    return Error(Errc::kBadSettings, "no SETTINGS to a peer for which FlowControl::kNone is set");
  }
  if (clear && role_ == Role::kClient) {
    return Error(Errc::kBadSettings, "only a server may clear what its client keeps");
  }
  const std::uint8_t not_ours =
      role_ == Role::kClient ? wire::kFlagPersistValue : wire::kFlagPersisted;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const wire::SettingsFrame::Entry& entry = entries[i];
    const std::string id = "setting " + std::to_string(static_cast<std::uint32_t>(entry.id));
    if (i > 0 && entries[i - 1].id == entry.id) {
      return Error(Errc::kBadSettings, id + " stands there twice");
    }
    if ((entry.flags & not_ours) != 0) {
      return Error(Errc::kBadSettings, id + ": only a server asks for values to be kept, and only "
                                            "a client returns them (section 2.6.4)");
    }
    if (entry.id != wire::SettingId::kInitialWindowSize) continue;
    if (entry.value == 0 || entry.value > wire::kMaxWindow) {
      return Error(Errc::kBadSettings, "an initial window of " + std::to_string(entry.value) +
                                           " bytes; it must be 1 to 2^31-1");
    }
    if (!windows_take(entry.value)) {
      return Error(Errc::kBadSettings,
                   "an initial window of " + std::to_string(entry.value) +
                       " bytes would make the window of an open stream, which has grown, pass "
                       "2^31-1");
    }
  }
  return {};
}

// Whether every stream's window remains legal with another initial size.
bool Session::Impl::windows_take(std::uint32_t initial_window) const {
  const std::int64_t difference = std::int64_t{initial_window} - windows_.own_initial();
  bool fits = true;
  streams_.each([&](const Stream& stream) {
    fits = fits && stream.receiving.window.size() + difference <= std::int64_t{wire::kMaxWindow};
  });
  return fits;
}

}  // namespace uvspdy::session
