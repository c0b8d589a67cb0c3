#pragma once

#include <array>
#include <cstdint>

#include "session/stream.h"

namespace uvspdy::session {

/// Which stream sends next: those that need no window, then the highest priority that wants to,
/// and inside one priority each in its turn. Streams that wait for a window of their own stand
/// apart. All operations are O(1), except `each_blocked`.
class SendScheduler {
 public:
  /// Puts a stream at the end of its priority's line, unless it stands there already.
  void add(Stream& stream) { move(stream, stream.priority); }

  /// The same for one that has no payload to send, only a FLAG_FIN, HEADERS or a reset: it goes
  /// whatever the windows say (section 2.6.8).
  void add_windowless(Stream& stream) { move(stream, kWindowless); }

  /// For one whose own window is used up: `take` does not give it out.
  void block(Stream& stream) { move(stream, kBlocked); }

  void remove(Stream& stream);

  /// Takes the stream whose turn it is out of its line, or null. Without a window of the
  /// connection's only those that need none. It is for the caller to `add` it again if it has
  /// more.
  Stream* take(bool window_is_open);

  /// Whether `take` would give out a stream.
  bool has_ready(bool window_is_open) const { return (occupied_ & takeable(window_is_open)) != 0; }

  /// Whether nothing waits to be sent, windows or not.
  bool empty() const { return occupied_ == 0; }

  /// Whether a stream waits for a window: its own, or the connection's if that is not open.
  bool has_blocked(bool window_is_open) const {
    return (occupied_ & ~takeable(window_is_open)) != 0;
  }

  /// Calls `function` for each stream that waits for a window, as has_blocked has it; the function
  /// may remove the stream it is given.
  template <class Function>
  void each_blocked(bool window_is_open, Function function) {
    for (std::uint8_t list = 0; list < kLists; ++list) {
      if ((1u << list & takeable(window_is_open)) != 0) continue;
      Stream* const last = lists_[list].last;
      Stream* stream = lists_[list].first;
      while (stream != nullptr) {
        Stream* const next = stream == last ? nullptr : stream->next;
        function(*stream);
        stream = next;
      }
    }
  }

 private:
  static constexpr std::uint8_t kWindowless = wire::kLowestPriority + 1;
  static constexpr std::uint8_t kBlocked = kWindowless + 1;
  static constexpr std::uint8_t kLists = kBlocked + 1;
  static constexpr std::uint32_t kPriorityBits = (1u << kWindowless) - 1;

  static std::uint32_t takeable(bool window_is_open) {
    return 1u << kWindowless | (window_is_open ? kPriorityBits : 0);
  }
  void move(Stream& stream, std::uint8_t list);

  struct List {
    Stream* first = nullptr;
    Stream* last = nullptr;
  };
  std::array<List, kLists> lists_;
  std::uint32_t occupied_ = 0;  // bit n: list n is not empty
};

}  // namespace uvspdy::session
