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

/// A byte stream to a peer: TCP, a local socket, TLS, or a class that an embedder derives. It
/// belongs to the thread of its loop. Its functions must not throw.
///
/// Handlers are called from the loop, never inside a call of these functions. An empty handler is
/// not called. After `close`, or destruction, only the handler given to `close` is called. Handlers
/// may call any function and may destroy the transport.
class UVSPDY_EXPORT Transport {
 public:
  /// Received bytes; the view is valid during the call.
  using ReadHandler = Callback<void(Bytes)>;
  /// Receiving has ended: success for the peer's orderly end, or an error. Called once.
  using EndHandler = OnceCallback<void(const Error&)>;
  /// A write has finished: how many bytes were taken, or the error.
  using WriteHandler = OnceCallback<void(Result<std::size_t>)>;
  using DoneHandler = OnceCallback<void(const Error&)>;
  using CloseHandler = OnceCallback<void()>;

  virtual ~Transport() = default;

  /// Sets the handlers for received bytes and their end, before `start_reading`. A new owner of the
  /// transport sets its own, even while one of the old handlers runs.
  virtual void set_read_handlers(ReadHandler on_read, EndHandler on_end) = 0;

  /// Start and stop receiving. Both may be called again and again, also inside the read handler.
  /// After `stop_reading` neither handler is called until `start_reading`; what has been received
  /// and not delivered is then delivered first.
  virtual void start_reading() = 0;
  virtual void stop_reading() = 0;

  /// Writes as much as is possible without waiting, by one gathered system call and without
  /// copying. Returns the number of bytes written, 0 if the peer is slow. Not while a `write` is
  /// under way. Errors: libuv's; with TLS also kTlsProtocol. After a failed write no more is
  /// received, either: what has been read is delivered, then the end handler gets an error, or the
  /// peer's orderly end if that came first.
  virtual Result<std::size_t> try_write(std::span<const Bytes> spans) = 0;

  /// Writes a prefix of `spans`, at least one byte unless they are empty, and waits for the peer as
  /// long as that takes. The handler gets the number of bytes written. `spans` must stay valid and
  /// unchanged until the handler has been called or the transport is closed. Only one write at a
  /// time. After `shutdown` the error is UV_EPIPE.
  virtual void write(std::span<const Bytes> spans, WriteHandler handler) = 0;

  /// Ends sending, after all writes before it; the peer sees an orderly end. Receiving goes on. A
  /// second call gives its handler UV_EALREADY.
  virtual void shutdown(DoneHandler handler) = 0;

  /// Bytes that were written and not yet acknowledged by the peer, as far as the system knows;
  /// closing the transport may destroy them.
  virtual std::size_t unacknowledged() const { return 0; }

  /// Closes at once; a second call does nothing. The handler, if any, is called when libuv no
  /// longer uses the handle. A caller that passes a handler must keep the transport until then:
  /// once it is destroyed, only transports of this library still call the handler.
  virtual void close(CloseHandler handler) = 0;

  /// Closes at once, so that the peer sees a broken connection: by a reset on TCP; without
  /// close_notify and by a reset on TLS; by a plain close on a local socket, which has no reset.
  /// Written bytes that have not reached the peer are lost. Allowed after `shutdown`. Otherwise
  /// like `close`, which a derived class without such a way inherits.
  virtual void abort(CloseHandler handler) { close(std::move(handler)); }

  /// The state of the connection as the system knows it, for those who neither read nor write:
  /// success, or the error that the next read or write would report. UV_ECONNRESET: the peer has
  /// reset the connection; UV_ETIMEDOUT: it has not answered for long; UV_EPIPE: it has closed, or
  /// the connection broke before; UV_ECANCELED: we have closed it. After an error, only bytes that
  /// have already arrived can still be read. The check does not consume the error.
  ///
  /// A peer that only ended its own direction, or that is alive but reads nothing, is no error. A
  /// peer that vanished without a FIN or reset is found by TCP's keepalive (net/tcp.h) if no data
  /// is on its way to it; else, if this is called regularly, 10 minutes after the kernel has begun
  /// to send data again. A derived class that knows nothing returns success.
  virtual Error check_peer() const { return {}; }

  /// The peer, for messages: "127.0.0.1:40312", "unix:/run/x.sock"; unchanged by `close`.
  virtual std::string peer() const = 0;

  /// Information about the TLS connection (net/tls.h); null without TLS. Valid as long as the
  /// transport.
  virtual const TlsInfo* tls() const { return nullptr; }

  /// The loop that calls the handlers; never null.
  virtual uv_loop_t* loop() const = 0;
};

/// Called with the result of a connection attempt: a connected transport, or the error. If the
/// handler is empty, the transport is closed at once.
using ConnectHandler = OnceCallback<void(Result<std::unique_ptr<Transport>>)>;

}  // namespace uvspdy::net
