#pragma once

#include <array>
#include <cstdint>

#include "session/stream.h"
#include "session/stream_list.h"

namespace uvspdy::session {

/// Chooses the stream that sends next: first those that need no window, then the highest priority,
/// and within a priority one after another. Streams that wait for a window of their own are in a
/// list that is not chosen from. All operations are O(1), except `each_blocked`.
class SendScheduler {
 public:
  /// Appends a stream to the line of its priority, unless it stands there already.
  void add(Stream& stream) { move(stream, stream.priority); }

  /// Appends a stream that sends no payload next but a FLAG_FIN, HEADERS or a reset, which no
  /// window limits (section 2.6.8).
  void add_windowless(Stream& stream) { move(stream, kWindowless); }

  /// Puts aside a stream whose own window is used up: `take` does not return it.
  void block(Stream& stream) { move(stream, kBlocked); }

  void remove(Stream& stream);

  /// Removes and returns the stream whose turn it is, or null. `window_is_open`: whether the
  /// connection's window is; if not, only streams that need no window are returned. The caller adds
  /// a stream that has more to send again.
  Stream* take(bool window_is_open);

  /// Whether `take` would return a stream.
  bool has_ready(bool window_is_open) const { return (occupied_ & takeable(window_is_open)) != 0; }

  /// Whether no stream waits to send, with or without a window.
  bool empty() const { return occupied_ == 0; }

  /// Whether a stream waits for a window: for its own, or for the connection's if that is used up.
  bool has_blocked(bool window_is_open) const {
    return (occupied_ & ~takeable(window_is_open)) != 0;
  }

  /// Calls `function` for each stream that waits for a window, as for has_blocked. The function may
  /// remove that stream.
  template <class Function>
  void each_blocked(bool window_is_open, Function function) {
    for (std::uint8_t list = 0; list < kLists; ++list) {
      if ((1u << list & takeable(window_is_open)) != 0) continue;
      Stream* const last = lists_[list].last();
      Stream* stream = lists_[list].first();
      while (stream != nullptr) {
        Stream* const next = stream == last ? nullptr : List::after(*stream);
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

  using List = StreamList<&Stream::sending_links>;

  std::array<List, kLists> lists_;
  std::uint32_t occupied_ = 0;  // bit n: list n is not empty
};

}  // namespace uvspdy::session
