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

/// What co::Stream, its awaiters and the handlers of the stream share. The reader is paused but
/// while somebody waits for data, so nothing is queued here: the session holds it, and the window
/// holds the peer.
class StreamState : public std::enable_shared_from_this<StreamState> {
 public:
  explicit StreamState(std::shared_ptr<httpstream::Stream> taken) : stream(std::move(taken)) {}

  void set_handlers() {
    const auto self = shared_from_this();
    stream->pause();
    set_reader();
    stream->on_end([self](const Error& how) {
      self->received = how;
      wake(self->reader);
    });
    stream->on_writable([self] { wake(self->writer); });
    stream->on_sent([self](const Error& how) {
      self->sent = how;
      wake(self->writer);
      wake(self->closer);
    });
    stream->on_close([self](const Error& how) { self->got_closed(how); });
  }

  void start_reading() {
    if (std::exchange(reading, true)) return;
    if (std::exchange(lets_end_through, false)) set_reader();
    stream->resume();
  }
  void stop_reading() {
    if (!std::exchange(reading, false) || !stream) return;
    closed_waiter != nullptr ? let_end_through() : stream->pause();
  }

  /// For whoever waits until the stream is over: an end that no bytes stand before is told, though
  /// nobody reads.
  void let_end_through() {
    if (reading || std::exchange(lets_end_through, true)) return;
    stream->on_data({});
    stream->resume();
  }

  /// What a reader goes on with.
  Result<Buffer> take_piece() {
    if (piece) return std::move(*std::exchange(piece, std::nullopt));
    const Error how = received.value_or(closed.value_or(Error()));
    if (how) return how;
    return Buffer();
  }

  Error write(Buffer buffer) const {
    if (sent && *sent) return *sent;
    return stream->write(std::move(buffer));
  }

  /// Gives the handlers up. `give_up`: nobody takes the stream over, so that nothing may wait for
  /// a reader.
  std::shared_ptr<httpstream::Stream> detach(bool give_up) {
    const auto taken = std::exchange(stream, nullptr);
    if (closed) return taken;
    const bool awaited =
        reader != nullptr || writer != nullptr || closer != nullptr || closed_waiter != nullptr;
    // Whoever still waits, in another coroutine, hears of it by on_close.
    if (awaited || (give_up && !close_called)) taken->reset();
    if (!awaited) taken->on_close({});
    taken->on_end({});
    taken->on_sent({});
    taken->on_writable({});
    if (give_up) {
      taken->reader().discard();
    } else {
      taken->on_data({});
      taken->resume();
    }
    return taken;
  }

  Error busy(const char* what) const {
    return net::uv_error(UV_EBUSY, "stream " + std::to_string(id) + ": another " + what + " waits");
  }

  std::shared_ptr<httpstream::Stream> stream;  // null once given up
  std::uint32_t id = stream->identifier();
  bool close_called = false;
  bool reading = false;
  bool lets_end_through = false;
  std::optional<Error> received;  // of on_end
  std::optional<Error> sent;      // of on_sent
  std::optional<Error> closed;    // of on_close
  std::optional<Buffer> piece;
  Waiter* reader = nullptr;
  Waiter* writer = nullptr;
  Waiter* closer = nullptr;
  Waiter* closed_waiter = nullptr;

 private:
  void set_reader() {
    stream->on_data([self = shared_from_this()](Bytes bytes) { self->got(bytes); });
  }

  void got(Bytes bytes) {
    piece = Buffer::copy_of(bytes);
    wake(reader);
    if (reader == nullptr) stop_reading();
  }

  void got_closed(const Error& how) {
    closed = how;
    wake(reader);
    wake(writer);
    wake(closer);
    wake(closed_waiter);
  }
};

}  // namespace uvspdy::httpstream::co::detail
