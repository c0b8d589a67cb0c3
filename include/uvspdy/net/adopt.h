#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::net {

/// Makes a Transport of an embedder's connected uv_tcp_t or uv_pipe_t. If the embedder is reading
/// from it, that is stopped; bytes that were already read stay with the embedder. On TCP, Nagle's
/// algorithm is switched off and keepalive on, as connect_tcp does (net/tcp.h).
///
/// From then on uvspdy owns the handle's `data`, reads, writes and closes it (uv_close), and the
/// embedder only keeps its memory. `on_released`, which may be empty, is called once, from the
/// loop, when libuv no longer uses the handle, after the handler given to Transport::close; the
/// embedder may free the handle there. After an error the handle is unchanged and `on_released` is
/// not called.
///
/// Errors: libuv's, with a text that explains them. UV_EINVAL: null, a handle of another type, a
/// pipe that passes handles (ipc); UV_EBADF: the handle is closing; UV_ENOTCONN: it is not
/// connected, or only in one direction; UV_EBUSY: the embedder's last write is not finished.
UVSPDY_EXPORT Result<std::unique_ptr<Transport>> adopt(
    uv_stream_t* stream, OnceCallback<void(uv_stream_t*)> on_released);

/// Makes a Transport of a connected TCP or Unix stream socket. The Transport owns the socket, makes
/// it non-blocking and sets the TCP options above. After an error the caller still owns the socket.
/// Errors: libuv's. UV_EINVAL: a socket of another kind; UV_ENOTCONN: it is not connected;
/// UV_EEXIST: the loop already watches it.
UVSPDY_EXPORT Result<std::unique_ptr<Transport>> adopt(uv_loop_t* loop, uv_os_sock_t socket);

}  // namespace uvspdy::net
