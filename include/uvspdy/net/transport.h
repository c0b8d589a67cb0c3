#pragma once

#include <uv.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "uvspdy/bytes.h"
#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"

namespace uvspdy::net {

struct TlsInfo;

/// A pipe of bytes to a peer: TCP, local sockets and TLS here, and whatever an embedder derives
/// from this. It belongs to the thread of its loop. Its functions must not throw.
///
/// Handlers are called from the loop, never from inside a call of these functions: not from the one
/// that set them, nor from `start_reading`. An empty handler is nobody's and is not called. After
/// `close`, and after destruction, no handler is called but the one given to `close`. Any function,
/// and the destructor, may be called from any handler.
class UVSPDY_EXPORT Transport {
 public:
  /// Bytes that have come; the view is valid during the call.
  using ReadHandler = Callback<void(Bytes)>;
  /// No more bytes come: the peer's orderly end (success), or an error. Called once.
  using EndHandler = OnceCallback<void(const Error&)>;
  /// A write is done: how many bytes it took, or why it failed.
  using WriteHandler = OnceCallback<void(Result<std::size_t>)>;
  using DoneHandler = OnceCallback<void(const Error&)>;
  using CloseHandler = OnceCallback<void()>;

  virtual ~Transport() = default;

  /// Says who gets what comes in, before `start_reading`. Whoever takes a transport over sets them
  /// anew, also while one of the old ones runs.
  virtual void set_read_handlers(ReadHandler on_read, EndHandler on_end) = 0;

  /// Starts, and stops, taking bytes from the peer. Both may be called again and again.
  virtual void start_reading() = 0;
  virtual void stop_reading() = 0;

  /// Writes as much as can be written without waiting, gathered into one system call, and copies
  /// nothing. Returns how many bytes that was, 0 if the peer is slow. Not while a `write` is under
  /// way. Errors: libuv's.
  virtual Result<std::size_t> try_write(std::span<const Bytes> spans) = 0;

  /// Writes some of `spans`, from their start and at least one byte, if there is one, waiting for
  /// the peer as long as needed. The handler hears how many it took. The bytes must stay valid and
  /// unchanged until the handler has run or the transport is closed. One write at a time. Behind
  /// `shutdown` the handler gets UV_EPIPE.
  virtual void write(std::span<const Bytes> spans, WriteHandler handler) = 0;

  /// Tells the peer that no more comes from this side, behind everything written. Reading goes on.
  /// Asked for again, the handler gets UV_EALREADY.
  virtual void shutdown(DoneHandler handler) = 0;

  /// Bytes that were written and that the peer has not acknowledged yet, as far as that is known:
  /// closing under them may destroy them.
  virtual std::size_t unacknowledged() const { return 0; }

  /// Closes at once; again, it does nothing. The handler, if any, runs when libuv has let go of
  /// everything. Who gives one keeps the transport until it has run: of a transport that is
  /// destroyed before, only the library's own still call it.
  virtual void close(CloseHandler handler) = 0;

  /// Ends the connection at once as one that broke: by a reset on TCP, by no close_notify and then
  /// a reset on TLS, by a close on a local socket, which knows no reset. What was written and is
  /// not at the peer yet is lost. Also behind `shutdown`. Otherwise like `close`, which is what a
  /// transport does that has no way of its own.
  virtual void abort(CloseHandler handler) { close(std::move(handler)); }

  /// What the system knows of the peer, without reading or writing: success, or the error that the
  /// next read or write would find, for those who do neither. UV_ECONNRESET: the peer has reset the
  /// connection; UV_ETIMEDOUT: it has answered nothing for long; UV_EPIPE: it has closed, or the
  /// connection broke before; UV_ECANCELED: closed by ourselves. Behind an error nothing comes but
  /// what is here already. It changes nothing: who reads or writes still finds the error.
  ///
  /// A peer that has only ended its own direction is not gone, nor is one that is alive and takes
  /// nothing. One that vanishes without a word is found by TCP's keepalive (net/tcp.h) when nothing
  /// is on its way to it; otherwise, if this is asked now and then, 10 minutes after the kernel has
  /// begun to send again what it does not acknowledge. Transports that know nothing say success.
  virtual Error check_peer() const { return {}; }

  /// The peer, for messages: "127.0.0.1:40312", "unix:/run/x.sock"; the same behind `close`.
  virtual std::string peer() const = 0;

  /// What TLS knows of the peer (net/tls.h); null without TLS. Valid as long as the transport.
  virtual const TlsInfo* tls() const { return nullptr; }

  /// The loop that runs its handlers; not null.
  virtual uv_loop_t* loop() const = 0;
};

/// Gets what an attempt has come to: a connected transport, or why there is none. If it is nobody,
/// the transport is closed at once.
using ConnectHandler = OnceCallback<void(Result<std::unique_ptr<Transport>>)>;

}  // namespace uvspdy::net
