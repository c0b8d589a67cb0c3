#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "session/stream.h"
#include "session/stream_list.h"
#include "session/windows.h"
#include "uvspdy/limits.h"

namespace uvspdy::session {

/// The bytes that wait to be sent, and which streams may add to them: those that have room. A
/// stream has a limit of its own (Limits::write_high_water and write_buffers), and all streams have
/// one together (Limits::connection_write_high_water).
///
/// When the limit of all is reached, every stream loses its room and waits in line. Room comes back
/// in turn, for one write each:
///
/// - once half of the limit has left, to as many as fill it again, and so on until nobody waits;
/// - past that to kFewAtOnce at a time, when nothing can be sent because all that is queued waits
///   for windows of streams. Without these, peers that read some streams and not others would
///   stop all of them. Such a stream must have a window that takes most of a write, or streams
///   with small windows would add up without a limit.
///
/// All operations are O(1), but for the loss of room: it costs a step for each stream that has
/// room.
class WriteRoom {
 public:
  WriteRoom(const Limits& limits, const Windows& windows) : limits_(limits), windows_(windows) {}

  /// The payload and headers that are queued on all streams.
  std::size_t queued() const { return queued_; }

  static bool has_room(const Stream& stream) {
    const Room room = stream.sending.room;
    return room == Room::kOpen || room == Room::kGranted;
  }

  /// A new stream: it waits like the others.
  void add(Stream& stream) {
    if (limited_) wait(stream);
  }
  /// The stream takes no more writes.
  void remove(Stream& stream) { enter(stream, Room::kFull); }

  /// Counts what was queued. Returns whether the limit of all is reached now: the caller then calls
  /// `lose` for each stream.
  bool add_queued(Stream& stream, std::size_t bytes);
  /// The stream loses its room. `take_lost` returns it once.
  void lose(Stream& stream) {
    if (has_room(stream)) enter(stream, Room::kLost);
  }
  Stream* take_lost();
  bool has_lost() const { return !lost_.empty(); }

  /// Counts what has left the queue of a stream, or was dropped. Returns whether it has room again.
  bool remove_queued(Stream& stream, std::size_t bytes);

  /// The stream's window has changed.
  void window_changed(Stream& stream) {
    if (waits(stream)) wait(stream);
  }

  /// Whether `grant` may return a stream. `stuck`: nothing can be sent, and not for lack of the
  /// connection's window.
  bool has_grants(bool stuck) const {
    return limited_ &&
           (has_drained() ? !waiting_.empty() || !windowless_.empty() : stuck && !waiting_.empty());
  }
  /// Calls `granted` for a bounded number of streams that have waited longest: they have room now.
  template <class Granted>
  void grant(bool stuck, Granted granted) {
    std::size_t left = !has_grants(stuck) ? 0 : has_drained() ? many_at_once() : kFewAtOnce;
    for (Stream* stream = next_in_line(); left > 0 && stream != nullptr; --left) {
      const bool takes = has_drained() || window_takes_write(*stream);
      enter(*stream, takes ? Room::kGranted : Room::kWaitsForWindow);
      if (takes) granted(*stream);
      stream = next_in_line();
    }
    end_limit();
  }

 private:
  using Room = Sending::Room;

  static constexpr std::size_t kFewAtOnce = 4;
  // What a pump writes at once, at most.
  static constexpr std::size_t kWrite = 64 * 1024;
  static constexpr std::size_t kSmallestWindow = 16 * 1024;

  using List = StreamList<&Stream::room_links>;

  static bool waits(const Stream& stream) {
    const Room room = stream.sending.room;
    return room == Room::kWaits || room == Room::kWaitsForWindow;
  }
  // As many as fill up the half that has left.
  std::size_t many_at_once() const {
    return std::clamp<std::size_t>(limits_.connection_write_high_water / (2 * kWrite), 1, 64);
  }
  bool has_drained() const { return queued_ <= limits_.connection_write_high_water / 2; }
  bool window_takes_write(const Stream& stream) const;
  bool is_over_own_half(const Sending& sending) const;
  Stream* next_in_line() const;
  List* list_of(Room room);
  void enter(Stream& stream, Room room);
  void wait(Stream& stream) {
    enter(stream, window_takes_write(stream) ? Room::kWaits : Room::kWaitsForWindow);
  }
  void end_limit();

  const Limits& limits_;
  const Windows& windows_;
  std::size_t queued_ = 0;
  bool limited_ = false;  // the limit of all was reached, and streams still wait
  List granted_;
  List lost_;
  List waiting_;
  List windowless_;
};

}  // namespace uvspdy::session
