#pragma once

#include <uv.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/httpstream/coroutine/run.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/net/error.h"

namespace uvspdy::httpstream::co::detail {

/// The state shared by co::Stream, its awaiters and the handlers of the halves. The halves know the
/// state of each direction. The reader is paused except while a coroutine reads, so nothing is
/// queued here: the session buffers the bytes, and the window stops the peer.
class StreamState : public std::enable_shared_from_this<StreamState> {
 public:
  explicit StreamState(std::shared_ptr<httpstream::Stream> taken)
      : stream(std::move(taken)), reader(stream->take_reader()), writer(stream->take_writer()) {}

  void set_handlers() {
    const auto self = shared_from_this();
    reader.pause();
    set_reader();
    reader.on_end([self](const Error&) {
      wake(self->read_waiter);
      self->wake_when_over();
    });
    writer.on_writable([self] { wake(self->write_waiter); });
    writer.on_sent([self](const Error&) {
      wake(self->write_waiter);
      wake(self->close_waiter);
      self->wake_when_over();
    });
  }

  void start_reading() {
    if (std::exchange(reading, true)) return;
    if (std::exchange(lets_end_through, false)) set_reader();
    reader.resume();
  }
  void stop_reading() {
    if (!std::exchange(reading, false) || !stream) return;
    closed_waiter != nullptr ? let_end_through() : reader.pause();
  }

  /// For a coroutine in `closed`: reports an end if no bytes precede it, though nobody reads.
  void let_end_through() {
    if (reading || std::exchange(lets_end_through, true)) return;
    reader.on_data({});
    reader.resume();
  }

  bool is_over() const {
    return reader.state() != HalfState::kOpen && writer.state() != HalfState::kOpen;
  }
  /// The error of our direction, or else of the peer's.
  Error outcome() const {
    const Error how = writer.error();
    return how ? how : reader.error();
  }

  /// The result of `read`.
  Result<Buffer> take_piece() {
    if (piece) return std::move(*std::exchange(piece, std::nullopt));
    if (const Error how = reader.error()) return how;
    return Buffer();
  }

  Error write(Buffer buffer) {
    if (const Error how = writer.error()) return how;
    return writer.write(std::move(buffer));
  }

  /// For a co::Stream that is destroyed: drops both halves. If a coroutine still waits, resets the
  /// stream instead, so that this coroutine gets an error.
  void give_up() {
    const auto keep = shared_from_this();
    const auto given_up = std::exchange(stream, nullptr);
    if (is_awaited()) return reset();
    const StreamReader no_reader = std::move(reader);
    const StreamWriter no_writer = std::move(writer);
  }

  /// Returns the stream with its halves, without their handlers. If a coroutine still waits, resets
  /// the stream and returns it without its halves.
  std::shared_ptr<httpstream::Stream> release() {
    const auto keep = shared_from_this();
    auto released = std::exchange(stream, nullptr);
    if (is_awaited()) {
      reset();
      return released;
    }
    writer.on_writable({});
    writer.on_sent({});
    reader.on_end({});
    reader.on_data({});
    reader.resume();
    released->writer() = std::move(writer);
    released->reader() = std::move(reader);
    return released;
  }

  Error busy(const char* what) const {
    return net::uv_error(UV_EBUSY, "stream " + std::to_string(id) + ": another " + what + " waits");
  }

  std::shared_ptr<httpstream::Stream> stream;  // null after give_up or release
  StreamReader reader;
  StreamWriter writer;
  std::uint32_t id = stream->identifier();
  bool close_called = false;
  bool reading = false;
  bool lets_end_through = false;
  std::optional<Buffer> piece;
  Waiter* read_waiter = nullptr;
  Waiter* write_waiter = nullptr;
  Waiter* close_waiter = nullptr;
  Waiter* closed_waiter = nullptr;

 private:
  bool is_awaited() const {
    return read_waiter != nullptr || write_waiter != nullptr || close_waiter != nullptr ||
           closed_waiter != nullptr;
  }

  // The handlers stay, and are freed when both ends have been reported.
  void reset() {
    writer.reset();
    reader.discard();
  }

  void set_reader() {
    reader.on_data([self = shared_from_this()](Bytes bytes) { self->got(bytes); });
  }

  void got(Bytes bytes) {
    piece = Buffer::copy_of(bytes);
    wake(read_waiter);
    if (read_waiter == nullptr) stop_reading();
  }

  void wake_when_over() {
    if (is_over()) wake(closed_waiter);
  }
};

}  // namespace uvspdy::httpstream::co::detail
