#pragma once

#include <algorithm>
#include <cstddef>

#include "session/stream.h"
#include "session/stream_list.h"
#include "session/windows.h"
#include "uvspdy/limits.h"

namespace uvspdy::session {

/// The bytes that wait to be sent, and which streams may add to them: those that have room. A
/// stream has a limit of its own (Limits::write_high_water and write_buffers), and all streams have
/// one together (L: Limits::connection_write_high_water).
///
/// When L is reached, every stream loses its room and waits in line. Room comes back to the front
/// of the line, for one write each:
///
/// - once half of L has left, to as many in a turn as fill that half, until nobody waits;
/// - before that, when the session is stuck (nothing can be sent: all that is queued waits for
///   windows of streams or for their replies), to a few in a turn, of those that can send. Without
///   this, streams that the peer does not read would stop all others.
///
/// Streams that write nothing keep the room that they were given, so each time that the others have
/// written a quarter of L, past L, all lose their room again. From 2 L on a stream gets room only
/// if its window takes a whole write: so no more than 2 L and a quarter, and the last writes, are
/// queued, whatever the peer does.
///
/// All operations are O(1), but that all streams lose their room, and that 2 L are reached or left:
/// these cost a step for each stream, and each happens once for at least a quarter of L written.
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
    if (limited_ && stream.sending.takes_more()) wait(stream);
  }
  /// The stream takes no more writes.
  void remove(Stream& stream) { enter(stream, Room::kFull); }

  /// Counts what was queued. Returns whether L is reached now: the caller then calls `lose` for
  /// each stream.
  bool add_queued(Stream& stream, std::size_t bytes);
  /// The stream loses its room. `take_lost` returns it once.
  void lose(Stream& stream) {
    if (has_room(stream)) enter(stream, Room::kLost);
  }
  Stream* take_lost();
  bool has_lost() const { return !lost_.empty(); }

  /// Counts what has left the queue of a stream, or was dropped. Returns whether it has room again.
  bool remove_queued(Stream& stream, std::size_t bytes);

  /// The window of a stream has changed, or it may send now.
  void window_changed(Stream& stream);

  /// Whether `grant` may return a stream. `stuck`: nothing can be sent, and not for lack of the
  /// connection's window.
  bool may_grant(bool stuck) const {
    return limited_ &&
           (has_drained() ? !waiting_.empty() || !unable_.empty() : stuck && !waiting_.empty());
  }
  /// Calls `granted` for a bounded number of streams from the front of the line: they have room.
  template <class Granted>
  void grant(bool stuck, Granted granted) {
    std::size_t left = !may_grant(stuck) ? 0 : has_drained() ? many_in_a_turn() : kFewInATurn;
    for (Stream* stream = next_in_line(); left > 0 && stream != nullptr; --left) {
      // What has been sent meanwhile may have used its window.
      const bool able = has_drained() || can_send(*stream);
      enter(*stream, able ? Room::kGranted : Room::kUnable);
      if (able) granted(*stream);
      stream = next_in_line();
    }
    end_limit();
  }

 private:
  using Room = Sending::Room;
  using List = StreamList<&Stream::room_links>;

  static constexpr std::size_t kFewInATurn = 4;
  // What a pump writes at once, at most.
  static constexpr std::size_t kWrite = 64 * 1024;

  std::size_t limit() const { return limits_.connection_write_high_water; }
  bool has_drained() const { return queued_ <= limit() / 2; }
  std::size_t many_in_a_turn() const {
    return std::clamp<std::size_t>(limit() / (2 * kWrite), 1, 64);
  }
  bool can_send(const Stream& stream) const;
  bool is_over_own_half(const Sending& sending) const;
  Stream* next_in_line();
  List* list_of(Room room);
  void enter(Stream& stream, Room room);
  void wait(Stream& stream) { enter(stream, can_send(stream) ? Room::kWaits : Room::kUnable); }
  void set_strict(bool strict);
  void end_limit();

  const Limits& limits_;
  const Windows& windows_;
  std::size_t queued_ = 0;
  std::size_t written_past_ = 0;  // past L, since all lost their room
  bool limited_ = false;          // L was reached, and streams still wait
  bool strict_ = false;           // 2 L were reached, and more than 1.5 L are queued
  bool unable_first_ = false;     // whose turn it is when windows do not matter
  List granted_;
  List lost_;
  List waiting_;
  List unable_;
};

}  // namespace uvspdy::session
