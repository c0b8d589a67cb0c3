#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "session/liveness.h"
#include "session/stream.h"
#include "session/windows.h"
#include "uvspdy/bytes.h"

namespace uvspdy::session {

/// The data of all streams that is buffered for their readers, and whether the connection should be
/// read in spite of it.
class HeldInput {
 public:
  HeldInput(const Limits& limits, const Windows& windows) : limits_(limits), windows_(windows) {}

  std::size_t size() const { return size_; }
  bool wants_input() const;

  /// For the timeouts: a connection whose data waits for a reader is not idle.
  Liveness::Reading reading() const { return {wants_input(), is_unread(), reading_again_}; }
  /// Asks for that with `reading().again`: the connection is read again, after a time without.
  void restart_timeouts() { reading_again_ = true; }
  void timeouts_restarted() { reading_again_ = false; }

  /// Whether buffering `more` bytes exceeds the stream's limit, or that of all streams, and the
  /// stream's OverflowPolicy resets it.
  bool overflows(const Stream& stream, std::size_t more) const;
  /// Whether the limit is the stream's.
  bool exceeds_stream(const Stream& stream, std::size_t more) const {
    return stream.receiving.held.size() + more > most(stream);
  }
  /// The most bytes that may be buffered for a stream.
  std::size_t most(const Stream& stream) const;

  void hold(Stream& stream, Bytes payload);
  /// Takes the next bytes, at most HeldBytes::kBlock. Only if some are held.
  std::vector<std::uint8_t> take(Stream& stream);
  /// Drops all bytes of the stream; returns how many.
  std::size_t drop(Stream& stream);

  // Changes of a stream's reader and of its policy, which this class must know of.

  void set_reader(Stream& stream, Receiving::Reader reader) {
    stream.receiving.reader = reader;
    note(stream);
  }
  void set_overflow(Stream& stream, OverflowPolicy policy) {
    stream.receiving.overflow = policy;
    note(stream);
  }

 private:
  bool is_unread() const { return size_ > 0 || !wants_input(); }
  void note(Stream& stream);
  void removed(Stream& stream, std::size_t bytes);

  const Limits& limits_;
  const Windows& windows_;
  std::size_t size_ = 0;
  std::size_t streams_over_ = 0;  // streams that buffer so much that we stop reading
  bool reading_again_ = false;    // a reader has caught up since the last advance
};

}  // namespace uvspdy::session
