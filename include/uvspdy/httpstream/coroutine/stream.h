#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "uvspdy/buffer.h"
#include "uvspdy/error.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/coroutine/run.h"
#include "uvspdy/httpstream/coroutine/stream_state.h"
#include "uvspdy/httpstream/stream.h"

namespace uvspdy::httpstream::co {

/// A stream as coroutines use it. It takes over both halves of an httpstream::Stream. From
/// docs/examples/coroutine_echo.cpp:
///
///     co::Task<Error> echo(co::Stream stream) {
///       for (;;) {
///         const Result<Buffer> piece = co_await stream.read();
///         if (!piece) co_return piece.error();
///         if (piece->empty()) break;  // the client's end
///         if (Error error = co_await stream.write(*piece)) co_return error;
///       }
///       co_return co_await stream.close();
///     }
///
/// While nobody waits in `read` the stream is paused. One coroutine at a time can wait in each of
/// read, write, close and closed; a second gets UV_EBUSY at once. A coroutine that is
/// destroyed while it waits takes nothing with it: a read loses no data.
///
/// Destroying a Stream drops its halves: what was written still leaves, behind it, before `close`,
/// a reset (kCancel), so that the peer does not take a part for the whole; what comes is thrown
/// away. If another coroutine still waits for the stream, it is reset at once, and that coroutine
/// gets kResetHere.
class [[nodiscard]] Stream {
 public:
  /// Takes both halves of a stream, with their handlers.
  explicit Stream(std::shared_ptr<httpstream::Stream> stream)
      : state_(std::make_shared<detail::StreamState>(std::move(stream))) {
    state_->set_handlers();
  }
  ~Stream() {
    if (state_ && state_->stream) state_->give_up();
  }
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  class ReadAwaiter;
  class WriteAwaiter;
  class CloseAwaiter;
  class ClosedAwaiter;

  /// The next bytes, copied, as many as have come in one piece; empty at the peer's end, and from
  /// then on. What came before an error is read before it. Errors: those of StreamReader::on_end.
  ReadAwaiter read();

  /// Waits until there is room, then queues the bytes. Errors: those of StreamWriter::on_sent, as
  /// soon as our direction has broken off; session::Errc::kStreamClosed behind `close`.
  WriteAwaiter write(Buffer buffer);

  /// Half-closes, and waits until the end, with everything written before it, is with the
  /// transport. Reading goes on. Errors: those of StreamWriter::on_sent.
  CloseAwaiter close();

  /// Waits until both directions are over. What has come must have been read by then, or the stream
  /// be reset. Errors: those of Stream::on_close.
  ClosedAwaiter closed();

  /// Stream::reset: whoever waits gets kResetHere, from the loop.
  void reset(wire::RstStatus status = wire::RstStatus::kCancel) { state_->stream->reset(status); }

  /// StreamWriter::send_headers.
  Error send_headers(Headers headers) { return state_->writer.send_headers(std::move(headers)); }

  /// StreamReader::set_overflow.
  void set_overflow(session::OverflowPolicy policy) { state_->reader.set_overflow(policy); }

  /// Whether our direction has broken off; `write` says why.
  bool is_broken() const { return state_->writer.state() == HalfState::kBroken; }

  const Headers& headers() const { return state_->stream->headers(); }
  std::uint32_t identifier() const { return state_->id; }

  /// The stream itself, for what has no form here: its stats, on_headers, and its own on_received,
  /// on_sent and on_close. Its halves are here, so what would use them does nothing.
  const std::shared_ptr<httpstream::Stream>& get() const { return state_->stream; }

  /// Gives the stream back with its halves, without their handlers, so that it waits for on_data.
  /// This one is then as good as moved from. If another coroutine still waits for the stream, it is
  /// reset, as above, and comes back without its halves.
  std::shared_ptr<httpstream::Stream> release() {
    return std::exchange(state_, nullptr)->release();
  }

 private:
  std::shared_ptr<detail::StreamState> state_;
};

class [[nodiscard]] Stream::ReadAwaiter : PlacedWaiter {
 public:
  explicit ReadAwaiter(const std::shared_ptr<detail::StreamState>& state)
      : PlacedWaiter(state, state->read_waiter), state_(*state) {}
  ~ReadAwaiter() {
    if (is_waiting()) state_.stop_reading();
  }

  bool await_ready() {
    busy_ = is_taken();
    return busy_ || state_.reader.state() != HalfState::kOpen;
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waits_here(handle);
    state_.start_reading();
  }
  Result<Buffer> await_resume() const {
    if (busy_) return state_.busy("read");
    return state_.take_piece();
  }

 private:
  detail::StreamState& state_;
  bool busy_ = false;
};

class [[nodiscard]] Stream::WriteAwaiter : PlacedWaiter {
 public:
  WriteAwaiter(const std::shared_ptr<detail::StreamState>& state, Buffer buffer)
      : PlacedWaiter(state, state->write_waiter), state_(*state), buffer_(std::move(buffer)) {}

  bool await_ready() {
    busy_ = is_taken();
    return busy_ || state_.close_called || state_.writer.state() != HalfState::kOpen ||
           state_.writer.writable();
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waits_here(handle);
  }
  Error await_resume() {
    if (busy_) return state_.busy("write");
    return state_.write(std::move(buffer_));
  }

 private:
  detail::StreamState& state_;
  Buffer buffer_;
  bool busy_ = false;
};

class [[nodiscard]] Stream::CloseAwaiter : PlacedWaiter {
 public:
  explicit CloseAwaiter(const std::shared_ptr<detail::StreamState>& state)
      : PlacedWaiter(state, state->close_waiter), state_(*state) {}

  bool await_ready() {
    busy_ = is_taken();
    if (busy_ || state_.writer.state() != HalfState::kOpen) return true;
    state_.close_called = true;
    state_.writer.end();
    return false;
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waits_here(handle);
  }
  Error await_resume() const {
    if (busy_) return state_.busy("close");
    return state_.writer.error();
  }

 private:
  detail::StreamState& state_;
  bool busy_ = false;
};

class [[nodiscard]] Stream::ClosedAwaiter : PlacedWaiter {
 public:
  explicit ClosedAwaiter(const std::shared_ptr<detail::StreamState>& state)
      : PlacedWaiter(state, state->closed_waiter), state_(*state) {}

  bool await_ready() {
    busy_ = is_taken();
    return busy_ || state_.is_over();
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) {
    waits_here(handle);
    state_.let_end_through();
  }
  Error await_resume() const { return busy_ ? state_.busy("closed") : state_.outcome(); }

 private:
  detail::StreamState& state_;
  bool busy_ = false;
};

inline Stream::ReadAwaiter Stream::read() { return ReadAwaiter(state_); }
inline Stream::WriteAwaiter Stream::write(Buffer buffer) {
  return WriteAwaiter(state_, std::move(buffer));
}
inline Stream::CloseAwaiter Stream::close() { return CloseAwaiter(state_); }
inline Stream::ClosedAwaiter Stream::closed() { return ClosedAwaiter(state_); }

}  // namespace uvspdy::httpstream::co
