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

/// A Stream for coroutines. It takes over both halves of an httpstream::Stream. From
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
/// The stream is paused while no coroutine waits in `read`. One coroutine at a time can wait in
/// each of read, write, close and closed; a second gets UV_EBUSY at once. Destroying a coroutine
/// that waits in `read` loses no data.
///
/// Destroying a Stream drops its halves: what was written still leaves, followed, unless `close`
/// was called, by a reset (CANCEL), so that the peer does not take a part for the whole; bytes that
/// arrive are discarded. If another coroutine still waits for the stream, the stream is reset at
/// once, and that coroutine gets session::Errc::kResetHere.
class [[nodiscard]] Stream {
 public:
  /// Takes both halves of a stream, and replaces their handlers.
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

  /// Waits for the next bytes: a copy of one piece, as it arrived; an empty Buffer at the peer's
  /// end and from then on. Bytes are read before an error, unless this side has reset the stream or
  /// closed the connection. Errors: those of StreamReader::on_end; UV_EBUSY.
  ReadAwaiter read();

  /// Waits until StreamWriter::writable, then queues the bytes. Errors: those of
  /// StreamWriter::on_sent, as soon as our direction breaks off; session::Errc::kStreamClosed after
  /// `close`; UV_EBUSY.
  WriteAwaiter write(Buffer buffer);

  /// Half-closes, and waits until everything written, and FLAG_FIN, is with the transport. Reading
  /// goes on. Errors: those of StreamWriter::on_sent; UV_EBUSY.
  CloseAwaiter close();

  /// Waits until both directions are over, which takes until the bytes that have arrived are read,
  /// or the stream is reset. Errors: those of Stream::on_close; UV_EBUSY.
  ClosedAwaiter closed();

  /// Calls Stream::reset. Coroutines that wait get session::Errc::kResetHere, from the loop.
  void reset(wire::RstStatus status = wire::RstStatus::kCancel) { state_->stream->reset(status); }

  /// Calls StreamWriter::send_headers.
  Error send_headers(Headers headers) { return state_->writer.send_headers(std::move(headers)); }

  /// Calls StreamReader::set_overflow.
  void set_overflow(session::OverflowPolicy policy) { state_->reader.set_overflow(policy); }

  /// Whether our direction has broken off; `write` returns why.
  bool is_broken() const { return state_->writer.state() == HalfState::kBroken; }

  const Headers& headers() const { return state_->stream->headers(); }
  std::uint32_t identifier() const { return state_->id; }

  /// The stream itself, for functions without a form here: stats, on_headers, on_received, on_sent,
  /// on_close. Functions that use its halves have no effect, because they are here.
  const std::shared_ptr<httpstream::Stream>& get() const { return state_->stream; }

  /// Returns the stream with its halves. The handlers of the halves are removed, so bytes are
  /// buffered until on_data is set. This object is moved-from after it. If another coroutine still
  /// waits for the stream, the stream is reset and returned without its halves; that coroutine gets
  /// session::Errc::kResetHere.
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
