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

/// What is held for readers that do not take it, of all streams together, and whether the
/// connection is still to be read.
class HeldInput {
 public:
  HeldInput(const Limits& limits, const Windows& windows) : limits_(limits), windows_(windows) {}

  std::size_t size() const { return size_; }
  bool wants_input() const;

  /// What that does to timeouts: the connection is not idle while something waits for a reader.
  Liveness::Reading reading() const { return {wants_input(), is_unread(), reading_again_}; }
  /// The better times have been taken note of.
  void note_reading_again() { reading_again_ = false; }

  /// Whether a stream may not hold that much more: its OverflowPolicy resets it.
  bool overflows(const Stream& stream, std::size_t more) const;
  /// The most that a stream's reader may leave to us.
  std::size_t most(const Stream& stream) const;

  void hold(Stream& stream, Bytes payload);
  std::vector<std::uint8_t> take(Stream& stream);

  // Who reads the stream, and what happens when it holds too much. What that changes is noted here.

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

  const Limits& limits_;
  const Windows& windows_;
  std::size_t size_ = 0;
  std::size_t streams_over_ = 0;  // those that hold so much that we do not read
  bool reading_again_ = false;    // something has become better since the last advance
};

}  // namespace uvspdy::session
