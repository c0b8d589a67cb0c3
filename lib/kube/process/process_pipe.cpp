#include "kube/process/process_pipe.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {
namespace {

// A block that is filled less than this is copied, so that a slow receiver of single lines does not
// make us hold a block for each.
constexpr std::size_t kWorthABlock = ProcessPipe::kBlockSize / 4;

}  // namespace

// What libuv points to; it is freed with the pipe's last callback.
struct ProcessPipe::State {
  uv_pipe_t pipe{};
  Handlers handlers;
  std::shared_ptr<BufferPool> pool;
  BufferPool::Block block;
  uv_write_t write{};
  Buffer kept;                            // what `write` could not write at once
  bool broken = false;                    // the reader has gone
  std::optional<std::size_t> left;        // how much is still read before the end
  Error end;                              // why it cannot be read, where it cannot
  std::unique_ptr<net::Wakeup> ended_by;  // nothing was left, or can be read

  uv_stream_t* stream() { return static_cast<uv_stream_t*>(static_cast<void*>(&pipe)); }
  uv_handle_t* handle() { return static_cast<uv_handle_t*>(static_cast<void*>(&pipe)); }

  // Tells the end, from the loop.
  void end_soon(Error error = {}) {
    end = std::move(error);
    ended_by = std::make_unique<net::Wakeup>(pipe.loop, [this] { handlers.on_end(end); });
    ended_by->schedule();
  }

  static void allocate(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
    auto* state = static_cast<State*>(handle->data);
    state->block = state->pool->take();
    const MutableBytes memory = state->block.bytes();
    *buffer = uv_buf_init(char_pointer(memory), static_cast<unsigned>(memory.size()));
  }

  static void read(uv_stream_t* stream, ssize_t count, const uv_buf_t*) {
    auto* state = static_cast<State*>(stream->data);
    BufferPool::Block block = std::exchange(state->block, {});
    bool end = count < 0;
    if (count > 0) {
      auto size = static_cast<std::size_t>(count);
      if (state->left) {
        size = std::min(size, *state->left);
        *state->left -= size;
        end = *state->left == 0;
      }
      state->handlers.on_data(size < kWorthABlock
                                  ? Buffer::copy_of(Bytes(block.bytes()).first(size))
                                  : std::move(block).freeze(size));
    }
    if (end && uv_is_closing(state->handle()) == 0) {
      uv_read_stop(stream);
      const bool failed = count < 0 && count != UV_EOF;
      state->handlers.on_end(failed ? net::uv_error(static_cast<int>(count), "read a pipe")
                                    : Error());
    }
  }

  static void written(uv_write_t* request, int status) {
    auto* state = static_cast<State*>(request->data);
    state->kept = {};
    if (status == UV_ECANCELED) return;  // the pipe was closed
    if (status < 0) state->broken = true;
    state->handlers.on_drained();
  }
};

ProcessPipe::ProcessPipe(Private, std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ProcessPipe>> ProcessPipe::open(uv_loop_t* loop, net::Descriptor fd,
                                                       std::shared_ptr<BufferPool> pool,
                                                       Handlers handlers) {
  auto state = std::make_unique<State>();
  state->pool = std::move(pool);
  state->handlers = std::move(handlers);
  state->pipe.data = state.get();
  int status = uv_pipe_init(loop, &state->pipe, 0);
  if (status < 0) return net::uv_error(status, "open a pipe");
  status = uv_pipe_open(&state->pipe, fd.get());
  auto pipe = std::make_unique<ProcessPipe>(Private{}, std::move(state));
  if (status < 0) return net::uv_error(status, "open a pipe");
  (void)fd.release();
  return pipe;
}

ProcessPipe::~ProcessPipe() {
  state_->ended_by.reset();
  uv_handle_t* handle = state_->handle();
  handle->data = state_.release();
  uv_close(handle,
           [](uv_handle_t* closed) { std::unique_ptr<State>(static_cast<State*>(closed->data)); });
}

void ProcessPipe::start_reading() {
  if (state_->ended_by) return;  // its end is on its way
  const int status = uv_read_start(state_->stream(), &State::allocate, &State::read);
  if (status < 0 && status != UV_EALREADY) state_->end_soon(net::uv_error(status, "read a pipe"));
}

void ProcessPipe::stop_reading() { uv_read_stop(state_->stream()); }

void ProcessPipe::end_behind_held() {
  if (state_->left) return;
  state_->left = unread();
  if (*state_->left > 0) return;
  uv_read_stop(state_->stream());
  state_->end_soon();
}

std::size_t ProcessPipe::unread() const {
  uv_os_fd_t fd = -1;
  int count = 0;
  if (uv_fileno(state_->handle(), &fd) != 0 || ioctl(fd, FIONREAD, &count) != 0) return 0;
  return static_cast<std::size_t>(count);
}

bool ProcessPipe::write(Bytes bytes) {
  if (state_->broken || bytes.empty()) return true;
  uv_buf_t buffer = uv_buf_init(char_pointer(bytes), static_cast<unsigned>(bytes.size()));
  const int written = uv_try_write(state_->stream(), &buffer, 1);
  if (written < 0 && written != UV_EAGAIN) {
    state_->broken = true;
    return true;
  }
  const Bytes rest = bytes.subspan(written > 0 ? static_cast<std::size_t>(written) : 0);
  if (rest.empty()) return true;
  state_->kept = Buffer::copy_of(rest);
  const Bytes kept = state_->kept.bytes();
  buffer = uv_buf_init(char_pointer(kept), static_cast<unsigned>(kept.size()));
  state_->write.data = state_.get();
  const int status = uv_write(&state_->write, state_->stream(), &buffer, 1, &State::written);
  if (status == 0) return false;
  state_->kept = {};
  state_->broken = true;
  return true;
}

}  // namespace uvspdy::kube
