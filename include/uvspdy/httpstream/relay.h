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
  /// Blocks for what is read from the transport, shared with other relays; null: each read is
  /// copied into memory of its own.
  std::shared_ptr<BufferPool> pool{};

  /// How long the transport may take nothing, once its own direction has ended or the stream is
  /// over, until what is left for it is given up: see TransportEndsOptions::flush_timeout.
  std::chrono::milliseconds flush_timeout = std::chrono::minutes(2);

  /// Whether a reset by the peer is the end of its direction, in order, once ours has ended in
  /// order and is with the peer. kubectl ends each forwarded connection like that.
  bool reset_behind_end_is_end = false;
};

/// Joins a stream with a transport: what comes from one goes to the other, both ways, until both
/// directions are over. From docs/examples/tcp_relay.cpp:
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
/// It is two pumps. A slow transport pauses the stream, a slow peer of the stream stops the reading
/// of the transport. An end of one direction is passed on behind what came before it, and the other
/// direction goes on.
///
/// A break is passed on as a break. When the transport breaks, what it gave before still goes to
/// the stream, with a reset behind it in place of a FIN. When only writing to it fails, it is first
/// read to its end: a server that refuses an upload answers before it closes. What still comes on
/// the stream is dropped. When the stream is reset or lost, what came before is still written, and
/// the transport is aborted behind that: over TCP its peer gets a reset.
///
/// Memory: what the stream queues (Limits::write_high_water and one read), what it holds while it
/// is paused, and one piece of that which the transport has not taken.
///
/// It lives until it is over, whoever has dropped it, on the thread of the transport's loop.
class UVSPDY_EXPORT Relay {
  struct Private {};
  class Impl;

 public:
  /// Success: both directions have ended in order, and the transport has taken everything. Else
  /// what ended it: the transport's error, or the stream's (see Stream::on_close), or what was
  /// given to `break_off` and `break_off_stream`, or session::Errc::kResetHere after `reset`.
  using DoneHandler = OnceCallback<void(const Error&)>;

  /// Takes over both: the stream with both of its halves and all of its handlers, and a transport
  /// that is not being read. Neither may be null: that ends the process with a text. The stream may
  /// have ended, or be over, before. If somebody has taken one of its halves, the relay is over in
  /// the loop's next turn, with session::Errc::kStreamClosed: the stream is reset, the transport
  /// aborted. `done` runs once, from the loop, when both directions are over; the transport is
  /// closed by then.
  static std::shared_ptr<Relay> start(std::shared_ptr<Stream> stream,
                                      std::unique_ptr<net::Transport> transport, DoneHandler done,
                                      RelayOptions options = {});

  Relay(Private, std::shared_ptr<Impl> impl);  // use `start`
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// The peer takes no more of what the transport gives: once its own direction has ended, and is
  /// written, the relay is over, in order, and the stream reset. A Go peer whose reader has gone
  /// stops its other streams when more comes for it. Harmless when it is over.
  void end_with_stream();

  /// Breaks the stream off as if the transport had broken, with `why` (not success): no more is
  /// taken from the transport, and the stream is reset behind what it gave. What the peer has sent
  /// before is still written, and an end of its own is one. Harmless when it is over.
  void break_off_stream(const Error& why);

  /// The same for both directions: an end of the peer's that has not been passed on yet is none any
  /// more. For who knows by other means that the connection has broken.
  void break_off(const Error& why);

  /// Resets the stream and gives up the transport, at once; `done` follows. Harmless when it is
  /// over.
  void reset();

  /// How many bytes have come on the stream, and whether more, or the end, is waited for: not while
  /// the transport takes no more.
  std::uint64_t received_bytes() const;
  bool waits_for_stream() const;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace uvspdy::httpstream
