#include "uvspdy/net/adopt.h"

#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "net/address.h"
#include "net/stream_transport.h"
#include "uvspdy/net/error.h"

namespace uvspdy::net {
namespace {

Error cannot_adopt(int status, const std::string& why) {
  return Error(std::error_code(status, uv_category()),
               "cannot adopt: " + why + " (" + uv_err_name(status) + ")");
}

/// The family of a connected stream socket.
Result<sa_family_t> family_of(int socket) {
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    return cannot_adopt(-errno, "the descriptor " + std::to_string(socket) + " is no socket");
  }
  sockaddr_storage own{};
  size = sizeof own;
  if (getsockname(socket, base_of(own), &size) != 0) return uv_error(-errno, "cannot adopt");
  const sa_family_t family = own.ss_family;
  if (type != SOCK_STREAM || (family != AF_UNIX && family != AF_INET && family != AF_INET6)) {
    return cannot_adopt(UV_EINVAL, "a socket that is neither TCP nor a Unix stream socket");
  }
  sockaddr_storage peer{};
  size = sizeof peer;
  if (getpeername(socket, base_of(peer), &size) != 0) {
    return cannot_adopt(-errno, "the socket is not connected");
  }
  return family;
}

Error check(uv_stream_t* stream) {
  constexpr const char* kExpected = "; give a connected uv_tcp_t or uv_pipe_t";
  if (stream == nullptr) return cannot_adopt(UV_EINVAL, std::string("null") + kExpected);
  void* raw = stream;
  const auto* handle = static_cast<const uv_handle_t*>(raw);
  const uv_handle_type type = uv_handle_get_type(handle);
  if (type != UV_TCP && type != UV_NAMED_PIPE) {
    const char* name = uv_handle_type_name(type);
    return cannot_adopt(UV_EINVAL, std::string("a handle of the type '") +
                                       (name == nullptr ? "unknown" : name) + "'" + kExpected);
  }
  if (uv_is_closing(handle) != 0) return cannot_adopt(UV_EBADF, "the handle is closing");
  if (type == UV_NAMED_PIPE && static_cast<const uv_pipe_t*>(raw)->ipc != 0) {
    return cannot_adopt(UV_EINVAL, "a pipe that passes handles: its peer could send descriptors");
  }
  if (uv_is_readable(stream) == 0 || uv_is_writable(stream) == 0) {
    return cannot_adopt(UV_ENOTCONN, "the handle is not connected both ways");
  }
  // libuv would report our close to the embedder's write callback, whose handle has our `data`.
  if (const std::size_t queued = uv_stream_get_write_queue_size(stream)) {
    return cannot_adopt(UV_EBUSY, std::to_string(queued) +
                                      " bytes of a write of its own are under way; adopt it when "
                                      "that is done");
  }
  uv_os_fd_t fd = -1;
  if (const int status = uv_fileno(handle, &fd)) return uv_error(status, "cannot adopt");
  const auto family = family_of(fd);
  return family ? Error() : family.error();
}

}  // namespace

Result<std::unique_ptr<Transport>> adopt(uv_stream_t* stream,
                                         OnceCallback<void(uv_stream_t*)> on_released) {
  if (Error error = check(stream)) return error;
  uv_read_stop(stream);
  auto transport = StreamTransport::make_over(stream, std::move(on_released));
  transport->connected();
  return std::unique_ptr<Transport>(std::move(transport));
}

Result<std::unique_ptr<Transport>> adopt(uv_loop_t* loop, uv_os_sock_t socket) {
  const auto family = family_of(socket);
  if (!family) return family.error();
  auto transport =
      *family == AF_UNIX ? StreamTransport::make_pipe(loop) : StreamTransport::make_tcp(loop);
  if (const int status = transport->open(socket)) return uv_error(status, "cannot adopt");
  transport->connected();
  return std::unique_ptr<Transport>(std::move(transport));
}

}  // namespace uvspdy::net
