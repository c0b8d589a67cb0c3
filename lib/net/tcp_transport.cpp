#include "net/tcp_transport.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "uvspdy/net/error.h"

namespace uvspdy::net {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;

// libuv turns up to four buffers into one write without allocating; a longer write that has to
// wait goes out in several.
constexpr std::size_t kWaitingBuffers = 4;

// At most this many spans in one gathered write; Linux takes 1,024.
constexpr std::size_t kGatheredBuffers = 256;

// What libuv reads into. A read is handled inside its callback, so one piece of memory serves all
// connections of a thread, and an idle connection costs none.
MutableBytes read_memory() {
  thread_local const auto memory = std::make_unique<std::array<std::uint8_t, kReadSize>>();
  return *memory;
}

std::size_t to_uv(std::span<const Bytes> spans, std::span<uv_buf_t> out) {
  const std::size_t count = std::min(spans.size(), out.size());
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = uv_buf_init(char_pointer(spans[i]), static_cast<unsigned>(spans[i].size()));
  }
  return count;
}

}  // namespace

struct TcpTransport::State {
  uv_tcp_t tcp{};
  bool ended = false;
  // Shared, so that handlers may be replaced, by whoever takes the transport over, while one runs.
  struct ReadHandlers {
    ReadHandler on_read;
    EndHandler on_end;
  };
  std::shared_ptr<const ReadHandlers> read_handlers;
  uv_write_t write{};
  std::size_t write_size = 0;
  WriteHandler on_written;
  uv_shutdown_t shutdown{};
  bool shutdown_asked = false;
  DoneHandler on_shutdown;
  CloseHandler on_closed;

  uv_stream_t* stream() { return static_cast<uv_stream_t*>(static_cast<void*>(&tcp)); }
  uv_handle_t* handle() { return static_cast<uv_handle_t*>(static_cast<void*>(&tcp)); }

  static void allocate(uv_handle_t*, std::size_t, uv_buf_t* buffer) {
    const MutableBytes memory = read_memory();
    *buffer = uv_buf_init(char_pointer(memory), static_cast<unsigned>(memory.size()));
  }

  static void read(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
    auto* state = static_cast<State*>(stream->data);
    const auto handlers = state->read_handlers;
    if (count > 0) {
      handlers->on_read(bytes_of(buffer->base, static_cast<std::size_t>(count)));
    } else if (count < 0) {
      state->ended = true;
      uv_read_stop(stream);
      handlers->on_end(count == UV_EOF ? Error() : uv_error(static_cast<int>(count), "read"));
    }
  }
};

TcpTransport::TcpTransport(uv_loop_t* loop) : loop_(loop), state_(std::make_unique<State>()) {
  uv_tcp_init(loop, &state_->tcp);  // creates no socket yet, so it cannot fail
  state_->tcp.data = state_.get();
}

TcpTransport::~TcpTransport() { close({}); }

uv_tcp_t* TcpTransport::handle() const { return &state_->tcp; }

void TcpTransport::connected() {
  uv_tcp_nodelay(&state_->tcp, 1);
  sockaddr_storage address{};
  int size = sizeof address;
  auto* raw = static_cast<sockaddr*>(static_cast<void*>(&address));
  if (uv_tcp_getpeername(&state_->tcp, raw, &size) == 0) peer_ = to_string(address);
}

void TcpTransport::set_read_handlers(ReadHandler on_read, EndHandler on_end) {
  if (!state_) return;
  state_->read_handlers = std::make_shared<const State::ReadHandlers>(
      State::ReadHandlers{std::move(on_read), std::move(on_end)});
}

void TcpTransport::start_reading() {
  if (state_ && !state_->ended) uv_read_start(state_->stream(), &State::allocate, &State::read);
}

void TcpTransport::stop_reading() {
  if (state_) uv_read_stop(state_->stream());
}

Result<std::size_t> TcpTransport::try_write(std::span<const Bytes> spans) {
  if (!state_) return uv_error(UV_ECANCELED, "write");
  std::array<uv_buf_t, kGatheredBuffers> buffers;
  const std::size_t count = to_uv(spans, buffers);
  const int written = uv_try_write(state_->stream(), buffers.data(), static_cast<unsigned>(count));
  if (written == UV_EAGAIN) return std::size_t{0};
  if (written < 0) return uv_error(written, "write to " + peer_);
  return static_cast<std::size_t>(written);
}

void TcpTransport::write(std::span<const Bytes> spans, WriteHandler handler) {
  if (!state_) return;
  std::array<uv_buf_t, kWaitingBuffers> buffers;
  const std::size_t count = to_uv(spans, buffers);
  state_->on_written = std::move(handler);
  state_->write_size = 0;
  for (std::size_t i = 0; i < count; ++i) state_->write_size += spans[i].size();
  state_->write.data = state_.get();
  const int failed = uv_write(&state_->write, state_->stream(), buffers.data(),
                              static_cast<unsigned>(count), [](uv_write_t* request, int status) {
                                auto* state = static_cast<State*>(request->data);
                                const WriteHandler on_written =
                                    std::exchange(state->on_written, {});
                                if (!on_written) return;
                                if (status < 0) return on_written(uv_error(status, "write"));
                                on_written(state->write_size);
                              });
  if (failed == 0) return;
  fail_later([on_written = std::exchange(state_->on_written, {}), failed] {
    on_written(uv_error(failed, "write"));
  });
}

void TcpTransport::fail_later(std::function<void()> call) {
  if (!failures_) failures_ = std::make_shared<std::deque<std::function<void()>>>();
  failures_->push_back(std::move(call));
  if (!tell_failures_) {
    tell_failures_ = std::make_unique<Wakeup>(loop_, [failures = failures_] {
      while (!failures->empty()) {
        const auto next = std::move(failures->front());
        failures->pop_front();
        next();  // may close the transport, and with it what is left
      }
    });
  }
  tell_failures_->schedule();
}

void TcpTransport::shutdown(DoneHandler handler) {
  if (!state_) return;
  if (std::exchange(state_->shutdown_asked, true)) {
    fail_later([handler = std::move(handler)] {
      if (handler) handler(uv_error(UV_EALREADY, "shutdown"));
    });
    return;
  }
  state_->on_shutdown = std::move(handler);
  state_->shutdown.data = state_.get();
  const int status =
      uv_shutdown(&state_->shutdown, state_->stream(), [](uv_shutdown_t* request, int result) {
        auto* state = static_cast<State*>(request->data);
        const DoneHandler on_shutdown = std::exchange(state->on_shutdown, {});
        if (on_shutdown) on_shutdown(result < 0 ? uv_error(result, "shutdown") : Error());
      });
  if (status == 0) return;
  fail_later([on_shutdown = std::exchange(state_->on_shutdown, {}), status] {
    if (on_shutdown) on_shutdown(uv_error(status, "shutdown"));
  });
}

std::size_t TcpTransport::unacknowledged() const {
  uv_os_fd_t fd = -1;
  int count = 0;
  if (!state_ || uv_fileno(state_->handle(), &fd) != 0 || ioctl(fd, SIOCOUTQ, &count) != 0) {
    return 0;
  }
  return static_cast<std::size_t>(count);
}

void TcpTransport::close(CloseHandler handler) {
  if (!state_) return;
  if (failures_) failures_->clear();
  state_->on_written = {};
  state_->on_shutdown = {};
  state_->on_closed = std::move(handler);
  // Requests under way are called back before the handle is, so nothing points here afterwards.
  uv_handle_t* closing = state_->handle();
  closing->data = state_.release();
  uv_close(closing, [](uv_handle_t* closed) {
    const std::unique_ptr<State> state(static_cast<State*>(closed->data));
    if (state->on_closed) state->on_closed();
  });
}

std::string to_string(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* raw = &address;
  if (address.ss_family == AF_INET6) {
    const auto* ip6 = static_cast<const sockaddr_in6*>(raw);
    uv_ip6_name(ip6, text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(ip6->sin6_port));
  }
  const auto* ip4 = static_cast<const sockaddr_in*>(raw);
  uv_ip4_name(ip4, text.data(), text.size());
  return std::string(text.data()) + ":" + std::to_string(ntohs(ip4->sin_port));
}

}  // namespace uvspdy::net
