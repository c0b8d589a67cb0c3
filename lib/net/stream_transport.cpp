#include "net/stream_transport.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "net/address.h"
#include "net/peer_check.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::net {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;

// The most reads of one handle in a turn of the loop, so that a busy peer leaves time for others:
// twice what a Connection writes in one call, or a backlog in the socket would never drain.
// By itself libuv goes on for 32.
constexpr int kReadsPerTurn = 8;

// libuv makes up to four buffers one write without allocating; longer writes that have to wait are
// split.
constexpr std::size_t kWaitingBuffers = 4;

// At most this many spans in one gathered write; Linux takes 1,024.
constexpr std::size_t kGatheredBuffers = 256;

// The most bytes in one write: libuv counts written bytes in `int`, and a buffer's in `unsigned`.
constexpr std::size_t kLargestWrite = 64 * 1024 * 1024;

// The memory that libuv reads into. A read is processed inside its callback, so all connections of
// a thread share it, and an idle connection needs none.
MutableBytes read_memory() {
  thread_local const auto memory = std::make_unique<std::array<std::uint8_t, kReadSize>>();
  return *memory;
}

// When a silent peer is probed.
constexpr int kKeepaliveIdle = 60;      // seconds
constexpr int kKeepaliveInterval = 10;  // seconds
constexpr int kKeepaliveProbes = 6;     // unanswered ones

// Options that the system does not support keep their values.
void keep_alive(int socket) {
  const auto set = [socket](int level, int name, int value) {
    setsockopt(socket, level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepaliveIdle);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepaliveInterval);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveProbes);
}

// The first of `spans`, without empty ones, as libuv's buffers.
class Gathered {
 public:
  Gathered(std::span<const Bytes> spans, std::span<uv_buf_t> buffers) : buffers_(buffers) {
    for (const Bytes span : spans) {
      const Bytes piece = span.first(std::min(span.size(), kLargestWrite - size_));
      if (piece.empty()) continue;
      if (count_ == buffers_.size()) break;
      buffers_[count_++] = uv_buf_init(char_pointer(piece), static_cast<unsigned>(piece.size()));
      size_ += piece.size();
    }
  }

  /// The bytes in all.
  std::size_t size() const { return size_; }

  /// Never empty: libuv needs at least one buffer.
  std::span<uv_buf_t> buffers() {
    if (count_ == 0) buffers_[count_++] = uv_buf_init(nullptr, 0);
    return buffers_.first(count_);
  }

 private:
  std::span<uv_buf_t> buffers_;
  std::size_t count_ = 0;
  std::size_t size_ = 0;
};

// A local socket without a name is one of a pair: the process at its other end names it best.
std::string peer_of_local(uv_pipe_t* pipe) {
  std::array<char, sizeof(sockaddr_un::sun_path)> name{};
  std::size_t size = name.size();
  if ((uv_pipe_getpeername(pipe, name.data(), &size) == 0 && size > 0) ||
      (size = name.size(), uv_pipe_getsockname(pipe, name.data(), &size) == 0 && size > 0)) {
    if (name[0] == '\0') name[0] = '@';  // an abstract name, as ss(8) prints it
    return local_name(std::string(name.data(), size));
  }
  uv_os_fd_t fd = -1;
  ucred peer{};
  socklen_t peer_size = sizeof peer;
  void* handle = pipe;
  if (uv_fileno(static_cast<uv_handle_t*>(handle), &fd) != 0 ||
      getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) != 0) {
    return "unix:";
  }
  return "unix:pid=" + std::to_string(peer.pid);
}

}  // namespace

// libuv's last callback frees all of this, handlers included, so that no user's code runs inside
// the call that closes.
struct StreamTransport::State {
  // The handle: one of these, or an embedder's.
  std::variant<std::monostate, uv_tcp_t, uv_pipe_t> own;
  uv_stream_t* stream = nullptr;
  OnceCallback<void(uv_stream_t*)> on_released;
  // Set only while connecting.
  struct Connecting {
    uv_connect_t request{};
    OnceCallback<void(int)> handler;
  };
  std::unique_ptr<Connecting> connecting;
  int reads = 0;  // in this turn of the loop
  bool ended = false;
  bool closed = false;
  ThreadCheck* thread = nullptr;  // the transport's; null once closed
  ReadHandler on_read;
  EndHandler on_end;
  uv_write_t write{};
  std::size_t write_size = 0;
  int broken = 0;  // the error of a write that showed that the connection broke
  WriteHandler on_written;
  uv_shutdown_t shutdown{};
  enum class Sending { kOpen, kShuttingDown, kShutDown };
  Sending sending = Sending::kOpen;
  PeerCheck peer_check;
  DoneHandler on_shutdown;
  // Failures that libuv returns at once; their handlers are called later.
  std::vector<OnceCallback<void()>> failures;
  std::unique_ptr<Wakeup> report_failures;
  CloseHandler on_closed;

  // The descriptor, or -1.
  int descriptor() const {
    uv_os_fd_t fd = -1;
    return uv_fileno(handle(), &fd) == 0 ? fd : -1;
  }

  uv_handle_t* handle() const { return static_cast<uv_handle_t*>(static_cast<void*>(stream)); }
  uv_tcp_t* tcp() const {
    if (stream->type != UV_TCP) return nullptr;
    return static_cast<uv_tcp_t*>(static_cast<void*>(stream));
  }
  uv_pipe_t* pipe() const {
    if (stream->type != UV_NAMED_PIPE) return nullptr;
    return static_cast<uv_pipe_t*>(static_cast<void*>(stream));
  }

  void use(uv_stream_t* handle) {
    stream = handle;
    stream->data = this;
  }

  // The kernel reports the reason of a break once, to the first call that asks. Of a write that has
  // failed for want of memory it knows nothing: its own end of reading is what the reader gets
  // then, after what has arrived, and with the write's error.
  int write_failed(int status) {
    if (status == UV_EPIPE) return status;
    if (broken == 0) broken = status;
    ::shutdown(descriptor(), SHUT_RD);
    return status;
  }

  // A reset right after the last bytes is an orderly end to libuv; to the kernel too, if a write
  // got the error first. EPIPE is a reset after an orderly end, and that end counts.
  int why_ended(int status) {
    if (status != UV_EOF || broken != 0) return broken != 0 ? broken : status;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(descriptor(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return status;
    return error == 0 || error == EPIPE ? status : -error;
  }

  void fail_later(OnceCallback<void()> call) {
    failures.push_back(std::move(call));
    if (!report_failures) {
      report_failures = std::make_unique<Wakeup>(stream->loop, [this] {
        auto due = std::exchange(failures, {});
        for (auto& next : due) {
          if (!closed) next();
        }
      });
    }
    report_failures->schedule();
  }

  // ---- what libuv calls. Each handler may close or destroy the transport.

  template <class T>
  static State* called_by_loop(T* handle) {
    auto* state = static_cast<State*>(handle->data);
    if (state->thread != nullptr) {
      state->thread->called_back();
    } else {
      ThreadCheck::called_by(state->stream->loop);
    }
    return state;
  }

  static void connect_done(uv_connect_t* request, int status) noexcept {
    auto* state = called_by_loop(request);
    const auto done = std::exchange(state->connecting, nullptr);
    if (!state->closed) done->handler(status);
  }

  // Without memory, libuv ends its reads for this turn, and polls the socket again.
  static void allocate(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) noexcept {
    auto* state = static_cast<State*>(handle->data);
    if (state->reads == kReadsPerTurn) {
      *buffer = uv_buf_init(nullptr, 0);
      return;
    }
    ++state->reads;
    const MutableBytes memory = read_memory();
    *buffer = uv_buf_init(char_pointer(memory), static_cast<unsigned>(memory.size()));
  }

  static void read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) noexcept {
    auto* state = called_by_loop(stream);
    // libuv reads on in the same turn only after a read that has filled the memory.
    const bool last = count < static_cast<ssize_t>(buffer->len) || count == UV_ENOBUFS;
    if (last) state->reads = 0;
    if (count == UV_ENOBUFS && buffer->len == 0) return;
    if (count > 0) {
      state->on_read(bytes_of(buffer->base, static_cast<std::size_t>(count)));
    } else if (count < 0) {
      uv_read_stop(stream);
      state->end(state->why_ended(static_cast<int>(count)));
    }
  }

  void end(int status) {
    ended = true;
    const ReadHandler not_called_any_more = std::move(on_read);
    on_end(status == UV_EOF ? Error() : uv_error(status, "read"));
  }

  static void write_done(uv_write_t* request, int status) noexcept {
    auto* state = called_by_loop(request);
    if (state->closed) return;
    if (status < 0) return state->on_written(uv_error(state->write_failed(status), "write"));
    state->on_written(state->write_size);
  }

  static void shutdown_done(uv_shutdown_t* request, int status) noexcept {
    auto* state = called_by_loop(request);
    if (state->closed) return;
    if (status < 0) return state->on_shutdown(uv_error(status, "shutdown"));
    state->sending = Sending::kShutDown;
    state->on_shutdown({});
  }

  static void close_done(uv_handle_t* handle) noexcept {
    const std::unique_ptr<State> state(called_by_loop(handle));
    state->on_closed();
    state->on_released(state->stream);
  }
};

StreamTransport::StreamTransport(Private, uv_loop_t* loop)
    : loop_(loop), thread_(loop), state_(std::make_unique<State>()) {
  state_->thread = &thread_;
}

// The init functions create no socket yet, so they cannot fail.
std::unique_ptr<StreamTransport> StreamTransport::make_tcp(uv_loop_t* loop) {
  auto transport = std::make_unique<StreamTransport>(Private{}, loop);
  void* handle = &transport->state_->own.emplace<uv_tcp_t>();
  uv_tcp_init(loop, static_cast<uv_tcp_t*>(handle));
  transport->state_->use(static_cast<uv_stream_t*>(handle));
  return transport;
}

std::unique_ptr<StreamTransport> StreamTransport::make_pipe(uv_loop_t* loop) {
  auto transport = std::make_unique<StreamTransport>(Private{}, loop);
  void* handle = &transport->state_->own.emplace<uv_pipe_t>();
  uv_pipe_init(loop, static_cast<uv_pipe_t*>(handle), 0);
  transport->state_->use(static_cast<uv_stream_t*>(handle));
  return transport;
}

std::unique_ptr<StreamTransport> StreamTransport::make_over(
    uv_stream_t* stream, OnceCallback<void(uv_stream_t*)> on_released) {
  auto transport = std::make_unique<StreamTransport>(Private{}, stream->loop);
  transport->state_->use(stream);
  transport->state_->on_released = std::move(on_released);
  return transport;
}

StreamTransport::~StreamTransport() { close({}); }

uv_stream_t* StreamTransport::stream() const { return state_ ? state_->stream : nullptr; }

int StreamTransport::open(uv_os_sock_t socket) {
  if (uv_tcp_t* tcp = state_->tcp()) return uv_tcp_open(tcp, socket);
  return uv_pipe_open(state_->pipe(), socket);
}

int StreamTransport::connect(const sockaddr_storage& address, OnceCallback<void(int)> handler) {
  state_->connecting = std::make_unique<State::Connecting>();
  state_->connecting->request.data = state_.get();
  state_->connecting->handler = std::move(handler);
  const int status = uv_tcp_connect(&state_->connecting->request, state_->tcp(), base_of(address),
                                    &State::connect_done);
  if (status < 0) state_->connecting.reset();
  return status;
}

void StreamTransport::connect(const std::string& path, OnceCallback<void(int)> handler) {
  state_->connecting = std::make_unique<State::Connecting>();
  state_->connecting->request.data = state_.get();
  state_->connecting->handler = std::move(handler);
  uv_pipe_connect(&state_->connecting->request, state_->pipe(), path.c_str(), &State::connect_done);
}

void StreamTransport::connected(std::string peer) {
  peer_ = std::move(peer);
  uv_tcp_t* tcp = state_->tcp();
  if (tcp == nullptr) {
    if (peer_.empty()) peer_ = peer_of_local(state_->pipe());
    return;
  }
  uv_tcp_nodelay(tcp, 1);
  keep_alive(state_->descriptor());
  sockaddr_storage address{};
  int size = sizeof address;
  if (peer_.empty() && uv_tcp_getpeername(tcp, base_of(address), &size) == 0) {
    peer_ = to_string(address);
  }
}

void StreamTransport::set_read_handlers(ReadHandler on_read, EndHandler on_end) {
  check_thread();
  if (!state_) return;
  if (state_->ended) return;
  // The old handlers, and the objects they own, are destroyed with the arguments, after all this.
  std::swap(state_->on_read, on_read);
  std::swap(state_->on_end, on_end);
}

std::optional<unsigned> StreamTransport::local_user() const {
  if (!state_ || state_->pipe() == nullptr) return std::nullopt;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(state_->descriptor(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return std::nullopt;
  }
  return peer.uid;
}

void StreamTransport::start_reading() {
  check_thread();
  if (!state_ || state_->ended) return;
  const int failed = uv_read_start(state_->stream, &State::allocate, &State::read);
  if (failed == 0 || failed == UV_EALREADY) return;
  state_->fail_later([state = state_.get(), failed] {
    if (!state->ended) state->end(failed);
  });
}

void StreamTransport::stop_reading() {
  check_thread();
  if (!state_) return;
  state_->reads = 0;
  uv_read_stop(state_->stream);
}

Result<std::size_t> StreamTransport::try_write(std::span<const Bytes> spans) {
  check_thread();
  if (!state_) return uv_error(UV_ECANCELED, "write");
  std::array<uv_buf_t, kGatheredBuffers> memory;
  Gathered gathered(spans, memory);
  const auto buffers = gathered.buffers();
  const int written =
      uv_try_write(state_->stream, buffers.data(), static_cast<unsigned>(buffers.size()));
  if (written == UV_EAGAIN) return std::size_t{0};
  if (written < 0) return uv_error(state_->write_failed(written), "write to " + peer_);
  return static_cast<std::size_t>(written);
}

void StreamTransport::write(std::span<const Bytes> spans, WriteHandler handler) {
  check_thread();
  if (!state_) return;
  std::array<uv_buf_t, kWaitingBuffers> memory;
  Gathered gathered(spans, memory);
  const auto buffers = gathered.buffers();
  state_->on_written = std::move(handler);
  state_->write_size = gathered.size();
  state_->write.data = state_.get();
  const int failed = uv_write(&state_->write, state_->stream, buffers.data(),
                              static_cast<unsigned>(buffers.size()), &State::write_done);
  if (failed == 0) return;
  state_->write_failed(failed);
  state_->fail_later([on_written = std::move(state_->on_written), failed]() mutable {
    on_written(uv_error(failed, "write"));
  });
}

void StreamTransport::shutdown(DoneHandler handler) {
  check_thread();
  if (!state_) return;
  if (state_->sending != State::Sending::kOpen) {
    state_->fail_later(
        [handler = std::move(handler)]() mutable { handler(uv_error(UV_EALREADY, "shutdown")); });
    return;
  }
  state_->sending = State::Sending::kShuttingDown;
  state_->on_shutdown = std::move(handler);
  state_->shutdown.data = state_.get();
  const int failed = uv_shutdown(&state_->shutdown, state_->stream, &State::shutdown_done);
  if (failed == 0) return;
  state_->fail_later([on_shutdown = std::move(state_->on_shutdown), failed]() mutable {
    on_shutdown(uv_error(failed, "shutdown"));
  });
}

std::size_t StreamTransport::unacknowledged() const {
  check_thread();
  int count = 0;
  if (!state_ || state_->tcp() == nullptr || ioctl(state_->descriptor(), SIOCOUTQ, &count) != 0) {
    return 0;
  }
  return static_cast<std::size_t>(count);
}

Error StreamTransport::check_peer() const {
  check_thread();
  if (!state_) return uv_error(UV_ECANCELED, "check the peer");
  const bool shut_down = state_->sending == State::Sending::kShutDown;
  const int status = state_->peer_check.status(state_->descriptor(), shut_down);
  return status == 0 ? Error() : uv_error(status, "connection to " + peer_);
}

void StreamTransport::abort(CloseHandler handler) {
  // Closing with a linger time of 0 resets the connection. uv_tcp_close_reset does the same, but
  // not after a shutdown.
  const linger no_time{1, 0};
  if (!state_) return;
  check_thread();
  if (state_->tcp() != nullptr) {
    setsockopt(state_->descriptor(), SOL_SOCKET, SO_LINGER, &no_time, sizeof no_time);
  }
  close(std::move(handler));
}

void StreamTransport::close(CloseHandler handler) {
  if (!state_) return;
  check_thread();
  state_->closed = true;
  state_->thread = nullptr;
  state_->report_failures.reset();
  state_->on_closed = std::move(handler);
  // libuv calls back requests under way before the handle, so nothing points here afterwards.
  State* state = state_.release();
  uv_close(state->handle(), &State::close_done);
}

}  // namespace uvspdy::net
