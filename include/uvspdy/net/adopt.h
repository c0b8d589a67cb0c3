#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::net {

/// Makes a Transport of an embedder's connected uv_tcp_t or uv_pipe_t. It may have been read from:
/// reading is stopped, and what was read is the embedder's to hand on. On TCP, Nagle's algorithm is
/// switched off, and keepalive on, as with connect_tcp (net/tcp.h).
///
/// From here on uvspdy owns the handle's `data` and reads, writes and closes it (uv_close); the
/// embedder only keeps its memory. When libuv has let go of it, `on_released` gets it, once, from
/// the loop, behind the handler given to Transport::close; the embedder may free it there.
/// `on_released` may be empty: nobody hears of it then. On an error nothing has changed, and
/// `on_released` is not called.
///
/// Errors: libuv's, with a text that says what is wrong. UV_EINVAL: null, another kind of handle, a
/// pipe that passes handles (ipc); UV_EBADF: it is closing; UV_ENOTCONN: it is not connected, or
/// one direction only; UV_EBUSY: a write of the embedder's is still under way.
UVSPDY_EXPORT Result<std::unique_ptr<Transport>> adopt(
    uv_stream_t* stream, OnceCallback<void(uv_stream_t*)> on_released);

/// Makes a Transport of a connected TCP or Unix stream socket, which becomes the Transport's and
/// does not block any more; TCP's options are set as above. On an error it stays the caller's.
/// Errors: libuv's; UV_EINVAL: a socket of another kind; UV_ENOTCONN: it is not connected;
/// UV_EEXIST: the loop knows it already.
UVSPDY_EXPORT Result<std::unique_ptr<Transport>> adopt(uv_loop_t* loop, uv_os_sock_t socket);

}  // namespace uvspdy::net
