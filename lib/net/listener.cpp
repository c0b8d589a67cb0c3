#include "uvspdy/net/listener.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "net/address.h"
#include "net/descriptor.h"
#include "net/local_socket_file.h"
#include "net/stream_transport.h"
#include "net/thread_check.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::net {
namespace {

// A queue that never empties must not keep other events of the loop waiting.
constexpr int kAcceptsPerTurn = 64;

constexpr std::chrono::milliseconds kRetryDelay{100};
constexpr std::uint64_t kReportInterval = 1000;  // ms

// Errors of accept(2) that concern one connection, which is gone.
bool is_connections_own(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case EOPNOTSUPP: return true;
    default: return false;
  }
}

int set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value);
}

}  // namespace

/// Accepts connections itself, and has the loop only watch the socket: when descriptors run out,
/// uv_listen closes waiting connections without a report, or calls back without end in one turn.
struct UVSPDY_LOCAL Listener::State {
  explicit State(uv_loop_t* on) : loop(on), thread(on) {
    retry.emplace(loop, [this] { watch(); });
  }

  /// From here on libuv keeps `state`, until the handle has closed.
  static int start(const std::shared_ptr<State>& state) {
    if (const int failed = uv_poll_init(state->loop, &state->poll, state->socket.get())) {
      return failed;
    }
    state->poll.data = state.get();
    state->self = state;
    state->watch();
    return 0;
  }

  void watch() {
    uv_poll_start(&poll, UV_READABLE, [](uv_poll_t* handle, int, int) noexcept {
      static_cast<State*>(handle->data)->accept_waiting();
    });
  }

  // The handlers called here may close or destroy the listener.
  void accept_waiting() {
    thread.called_back();
    for (int i = 0; i < kAcceptsPerTurn && socket; ++i) {
      Descriptor accepted(accept4(socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!accepted) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) return;
        if (is_connections_own(errno)) continue;
        const int status = -errno;
        if (!is_waited_for()) return;
        return back_off(status);
      }
      auto transport = file ? StreamTransport::make_pipe(loop) : StreamTransport::make_tcp(loop);
      if (const int failed = transport->open(accepted.get())) return back_off(failed);
      accepted.release();
      transport->connected(file ? address : std::string());
      on_accept(std::move(transport));
    }
  }

  // Linux gets the descriptor before it looks for a connection: accept4 reports that there is none
  // left though nobody waits.
  bool is_waited_for() const {
    pollfd asked{.fd = socket.get(), .events = POLLIN, .revents = 0};
    return ::poll(&asked, 1, 0) != 0;
  }

  void back_off(int status) {
    uv_poll_stop(&poll);
    retry->start(kRetryDelay);
    const std::uint64_t now = uv_now(loop);
    if (status == last_reported && now - reported_at < kReportInterval) return;
    last_reported = status;
    reported_at = now;
    on_error(uv_error(status, "accept on " + address));
  }

  void close() {
    if (!socket) return;
    thread.check([this] { return "the Listener on " + address; });
    retry.reset();
    file.reset();
    // uv_close makes libuv forget the socket before that is closed.
    void* handle = &poll;
    uv_close(static_cast<uv_handle_t*>(handle), [](uv_handle_t* closed) noexcept {
      const auto last = std::move(static_cast<State*>(closed->data)->self);
    });
    socket.reset();
    // The handlers are destroyed last, because that may destroy the listener.
    const AcceptHandler accept_handler = std::move(on_accept);
    const ErrorHandler error_handler = std::move(on_error);
  }

  uv_loop_t* loop;
  ThreadCheck thread;
  Descriptor socket;
  AcceptHandler on_accept;
  ErrorHandler on_error;
  std::string address;
  std::uint16_t port = 0;
  std::unique_ptr<LocalSocketFile> file;  // of a local socket
  uv_poll_t poll{};
  std::shared_ptr<State> self;  // while libuv has the handle
  std::optional<Timer> retry;   // until closed
  int last_reported = 0;
  std::uint64_t reported_at = 0;
};

Listener::Listener(Private, std::shared_ptr<State> state) : state_(std::move(state)) {}
Listener::~Listener() { close(); }

Result<std::unique_ptr<Listener>> Listener::listen_tcp(uv_loop_t* loop, const std::string& address,
                                                       std::uint16_t port, AcceptHandler on_accept,
                                                       ErrorHandler on_error,
                                                       const ListenOptions& options) {
  auto where = parse_address(address, port);
  if (!where) {
    return Error(Errc::kBadAddress, "cannot listen on '" + address +
                                        "': give a numeric address such as 127.0.0.1 or ::1");
  }
  const std::string what = "listen on " + to_string(*where);
  const bool ip6 = where->ss_family == AF_INET6;
  Descriptor listening(
      ::socket(where->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  const int fd = listening.get();
  socklen_t size = ip6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (fd < 0 || set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0 ||
      (options.reuse_port && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0) ||
      (ip6 && set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only ? 1 : 0) != 0) ||
      bind(fd, base_of(*where), size) != 0 || listen(fd, options.backlog) != 0 ||
      getsockname(fd, base_of(*where), &size) != 0) {
    return uv_error(-errno, what);
  }
  auto state = std::make_shared<State>(loop);
  state->socket = std::move(listening);
  state->on_accept = std::move(on_accept);
  state->on_error = std::move(on_error);
  state->address = to_string(*where);
  state->port = port_of(*where);
  if (const int failed = State::start(state)) return uv_error(failed, what);
  return std::make_unique<Listener>(Private{}, std::move(state));
}

Result<std::unique_ptr<Listener>> Listener::listen_pipe(uv_loop_t* loop, const std::string& path,
                                                        AcceptHandler on_accept,
                                                        ErrorHandler on_error,
                                                        const ListenOptions& options) {
  Result<LocalListeningSocket> listening = listen_local(path, options.backlog, options.pipe_mode);
  if (!listening) return listening.error();
  auto state = std::make_shared<State>(loop);
  state->socket = std::move(listening->socket);
  state->on_accept = std::move(on_accept);
  state->on_error = std::move(on_error);
  state->address = local_name(path);
  state->file = std::move(listening->file);
  if (const int failed = State::start(state))
    return uv_error(failed, "listen on " + state->address);
  return std::make_unique<Listener>(Private{}, std::move(state));
}

std::uint16_t Listener::port() const { return state_->port; }

const std::string& Listener::address() const { return state_->address; }

void Listener::close() { state_->close(); }

}  // namespace uvspdy::net
