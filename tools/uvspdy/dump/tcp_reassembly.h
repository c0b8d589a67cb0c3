#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/callback.h"

namespace uvspdy::command {

/// The limit of the bytes that all reassemblies of a capture buffer together.
struct HeldBytesLimit {
  std::size_t limit = 64 * 1024 * 1024;
  std::size_t held = 0;
};

/// Reassembles one direction of a TCP connection: takes segments in the order of the capture, and
/// delivers each byte once, in the order of the stream. Offsets count from its first byte.
class TcpReassembly {
 public:
  using Deliver = Callback<void(Bytes)>;

  /// Bytes [begin, end) that were not captured.
  struct Gap {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };

  /// `shared` must outlive this.
  explicit TcpReassembly(HeldBytesLimit& shared) : shared_(&shared) {}
  ~TcpReassembly() { reset(); }
  TcpReassembly(const TcpReassembly&) = delete;
  TcpReassembly& operator=(const TcpReassembly&) = delete;

  /// Sets the sequence number of the first byte.
  void start(std::uint32_t sequence);
  bool started() const { return started_; }
  std::uint32_t first_sequence() const { return first_sequence_; }

  /// Takes a segment, and delivers the bytes that are in order now. False: more bytes after a gap
  /// than it may buffer; the gap will not be closed.
  bool add(std::uint32_t sequence, Bytes payload, const Deliver& deliver);

  /// Sets the FIN's sequence number.
  void end_at(std::uint32_t sequence);

  /// Whether everything up to the FIN was delivered.
  bool ended() const { return end_ && next_ >= *end_; }

  /// The first gap: missing bytes before bytes that have come.
  std::optional<Gap> gap() const;

  /// Frees what it buffers, and is as new.
  void reset();

 private:
  std::optional<std::int64_t> offset_of(std::uint32_t sequence) const;
  bool hold(std::uint64_t offset, Bytes payload);
  void deliver_held(const Deliver& deliver);
  void let_go(std::size_t size);

  HeldBytesLimit* shared_;
  bool started_ = false;
  std::uint32_t first_sequence_ = 0;
  std::uint64_t next_ = 0;  // offset of the first byte that was not delivered
  std::optional<std::uint64_t> end_;
  std::map<std::uint64_t, std::vector<std::uint8_t>> held_;  // by offset, without overlaps
  std::size_t held_size_ = 0;
};

}  // namespace uvspdy::command
