#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "uvspdy/buffer.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::httpstream {

struct RelayOptions {
  /// Blocks for bytes read from the transport, which relays may share; null: memory of its own for
  /// each read.
  std::shared_ptr<BufferPool> pool{};

  /// The longest time for which the transport may take nothing, once its own direction has ended or
  /// the stream is over; then the rest is dropped: see TransportEndsOptions::flush_timeout.
  std::chrono::milliseconds flush_timeout = std::chrono::minutes(2);

  /// Whether a reset by the peer counts as an end in order once our FLAG_FIN is with the transport.
  /// kubectl ends each forwarded connection by such a reset.
  bool reset_behind_end_is_end = false;
};

/// Joins a stream with a transport: bytes of each go to the other until both directions are over.
/// From docs/examples/tcp_relay.cpp:
///
///     void relay_to(uv_loop_t* loop, std::uint16_t port, const std::shared_ptr<Stream>& stream,
///                   StreamDecision decision) {
///       net::connect_tcp(loop, "127.0.0.1", port, kConnectTimeout,
///                        [stream, decision](Result<TransportPtr> target) mutable {
///                          if (!target) return decision.reject();
///                          decision.accept();
///                          Relay::start(stream, std::move(*target), report);
///                        });
///     }
///
/// It is two pumps. A slow transport pauses the stream's reader; a slow peer of the stream stops
/// the reading of the transport. The end of one direction is passed on after its bytes, and the
/// other direction goes on.
///
/// A break (a reset or an error) is passed on as a break. If the transport breaks, the bytes read
/// from it still go to the stream, followed by a reset in place of FLAG_FIN. If only writing to it
/// fails, it is first read to its end, because a server that refuses an upload answers before it
/// closes; bytes that still arrive on the stream are dropped. If the stream is reset or lost, its
/// bytes are written first, then the transport is aborted: on TCP its peer gets a reset.
///
/// Memory: the stream's queue (Limits::write_high_water and one read), the bytes buffered while its
/// reader is paused, and one piece that the transport has not taken.
///
/// A Relay lives until it is over, even when the caller has dropped it, and belongs to the thread
/// of the transport's loop.
class UVSPDY_EXPORT Relay {
  struct Private {};
  class Impl;

 public:
  /// Success: both directions have ended in order, and the transport has taken everything. Else the
  /// error of the transport or of the stream (see Stream::on_close), the error given to `break_off`
  /// or `break_off_stream`, or session::Errc::kResetHere after `reset`.
  using DoneHandler = OnceCallback<void(const Error&)>;

  /// Takes over the stream, with both halves and all its handlers, and a transport that is not
  /// being read. A null pointer ends the process with a text. The stream may have ended before. If
  /// one of its halves was taken, the stream is reset, the transport aborted, and the relay over in
  /// the loop's next turn with session::Errc::kStreamClosed. `done` is called once, from the loop,
  /// when both directions are over; the transport is closed by then.
  static std::shared_ptr<Relay> start(std::shared_ptr<Stream> stream,
                                      std::unique_ptr<net::Transport> transport, DoneHandler done,
                                      RelayOptions options = {});

  Relay(Private, std::shared_ptr<Impl> impl);  // use `start`
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Declares that the peer reads no more: once its direction has ended in order, the stream is
  /// reset, and when the transport has taken its bytes the relay is over, with success. A Go peer
  /// needs this: it stops all streams when bytes come for a reader that is gone. No effect when the
  /// relay is over.
  void end_with_stream();

  /// Breaks the stream off with `why` (not success), as if the transport had broken: bytes that the
  /// transport still delivers are dropped, and the stream is reset after those before. Bytes of the
  /// peer that have arrived, and its end if it has, still go to the transport. No effect when the
  /// relay is over.
  void break_off_stream(const Error& why);

  /// Breaks both directions off with `why`, also an end of the peer that was not passed on yet: for
  /// callers that know by other means that the connection broke.
  void break_off(const Error& why);

  /// Resets the stream and aborts the transport, at once; `done` follows in the loop's next turn.
  /// No effect when the relay is over.
  void reset();

  /// The number of bytes received on the stream; and whether the relay waits for more or for the
  /// end, which it does not while the transport takes no more.
  std::uint64_t received_bytes() const;
  bool waits_for_stream() const;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::httpstream
