#include "kube/process/pseudo_terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include "net/descriptor.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {
namespace {

Error system_error(const char* call) {
  return net::uv_error(uv_translate_sys_error(errno), std::string("a terminal: ") + call);
}

// One that cannot be set is a terminal's that has hung up.
void set_size(uv_file master, winsize size) { ioctl(master, TIOCSWINSZ, &size); }

}  // namespace

// What libuv points to; it is freed with the handle's last callback.
struct PseudoTerminal::State {
  uv_poll_t poll{};
  net::Descriptor master;
  net::Descriptor slave;
  std::string slave_path;
  Handlers handlers;
  std::shared_ptr<BufferPool> pool;
  std::unique_ptr<net::Wakeup> read_now;
  Buffer kept;  // what `write` could not write at once
  bool reading = false;
  bool broken = false;                  // writing leads nowhere
  std::optional<std::size_t> left;      // how much is still read before the end
  std::unique_ptr<net::Wakeup> failed;  // it cannot be polled

  uv_handle_t* handle() { return static_cast<uv_handle_t*>(static_cast<void*>(&poll)); }
  bool closed() { return uv_is_closing(handle()) != 0; }

  void update() {
    const int events = (reading ? UV_READABLE : 0) | (kept.empty() ? 0 : UV_WRITABLE);
    const int status =
        events == 0 ? uv_poll_stop(&poll) : uv_poll_start(&poll, events, &State::ready);
    if (status < 0) fail(net::uv_error(status, "a terminal: poll"));
  }

  // Tells the end, from the loop.
  void fail(const Error& error) {
    reading = false;
    failed = std::make_unique<net::Wakeup>(poll.loop, [this, error] { handlers.on_end(error); });
    failed->schedule();
  }

  static void ready(uv_poll_t* handle, int status, int events) {
    auto* state = static_cast<State*>(handle->data);
    if (status < 0) events = UV_READABLE | UV_WRITABLE;  // their calls say what it is
    if ((events & UV_WRITABLE) != 0 && !state->kept.empty()) state->write_kept();
    if (state->closed() || !state->reading) return;
    if ((events & UV_READABLE) != 0) state->read();
  }

  // One block at most, so that a command that writes without end leaves the loop its turn. A pty
  // gives 4 KiB a call.
  void read() {
    BufferPool::Block block = pool->take();
    const MutableBytes memory =
        block.bytes().first(std::min(block.bytes().size(), left.value_or(block.bytes().size())));
    std::size_t size = 0;
    bool end = false;
    Error error;
    while (size < memory.size()) {
      const MutableBytes rest = memory.subspan(size);
      const ssize_t count = ::read(master.get(), rest.data(), rest.size());
      if (count > 0) {
        size += static_cast<std::size_t>(count);
      } else if (count == 0 || errno != EINTR) {
        // Once the slave is closed EIO comes behind the last byte, not before it.
        end = count == 0 || errno != EAGAIN || left.has_value();
        if (count < 0 && errno != EAGAIN && errno != EIO) error = system_error("read");
        break;
      }
    }
    if (left) {
      *left -= size;
      end = end || *left == 0;
    }
    if (end) {
      reading = false;
      update();
    }
    if (size > 0) {
      handlers.on_data(size < memory.size() / 4 ? Buffer::copy_of(Bytes(memory).first(size))
                                                : std::move(block).freeze(size));
    }
    if (end && !closed()) handlers.on_end(error);
  }

  // How much of `bytes` the pty has taken. All of it, if there is nobody to take it.
  std::size_t write_some(Bytes bytes) {
    std::size_t written = 0;
    while (written < bytes.size()) {
      const Bytes rest = bytes.subspan(written);
      const ssize_t count = ::write(master.get(), rest.data(), rest.size());
      if (count > 0) {
        written += static_cast<std::size_t>(count);
      } else if (count < 0 && errno == EAGAIN) {
        break;
      } else if (count == 0 || errno != EINTR) {
        broken = true;
        return bytes.size();
      }
    }
    return written;
  }

  void write_kept() {
    (void)kept.take_prefix(write_some(kept.bytes()));
    if (!kept.empty()) return;
    kept = {};
    update();
    handlers.on_drained();
  }
};

PseudoTerminal::PseudoTerminal(Private, std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<PseudoTerminal>> PseudoTerminal::open(uv_loop_t* loop, winsize size,
                                                             std::shared_ptr<BufferPool> pool,
                                                             Handlers handlers) {
  auto state = std::make_unique<State>();
  state->master = net::Descriptor(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!state->master) return system_error("posix_openpt");
  const uv_file master = state->master.get();
  std::array<char, 64> name{};
  if (grantpt(master) != 0) return system_error("grantpt");
  if (unlockpt(master) != 0) return system_error("unlockpt");
  if (ptsname_r(master, name.data(), name.size()) != 0) return system_error("ptsname");
  state->slave_path = name.data();
  state->slave = net::Descriptor(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!state->slave) return system_error(name.data());
  set_size(master, size);

  const int status = uv_poll_init(loop, &state->poll, master);
  if (status < 0) return net::uv_error(status, "a terminal: poll");
  state->pool = std::move(pool);
  state->handlers = std::move(handlers);
  state->poll.data = state.get();
  return std::make_unique<PseudoTerminal>(Private{}, std::move(state));
}

PseudoTerminal::~PseudoTerminal() {
  state_->read_now.reset();
  state_->failed.reset();
  uv_handle_t* handle = state_->handle();
  handle->data = state_.get();
  uv_close(handle,
           [](uv_handle_t* closed) { std::unique_ptr<State>(static_cast<State*>(closed->data)); });
  state_->slave.reset();
  state_->master.reset();
  (void)state_.release();
}

const std::string& PseudoTerminal::slave_path() const { return state_->slave_path; }

void PseudoTerminal::release_slave() { state_->slave.reset(); }

void PseudoTerminal::resize(winsize size) { set_size(state_->master.get(), size); }

int PseudoTerminal::foreground_group() const {
  pid_t group = 0;
  return ioctl(state_->master.get(), TIOCGPGRP, &group) == 0 ? group : 0;
}

void PseudoTerminal::start_reading() {
  state_->reading = true;
  state_->update();
  if (state_->read_now) state_->read_now->schedule();
}

void PseudoTerminal::stop_reading() {
  state_->reading = false;
  state_->update();
}

void PseudoTerminal::end_behind_held() {
  if (state_->left) return;
  state_->left = kHeldAtMost;
  // An empty pty has no event to wait for.
  State* state = state_.get();
  state_->read_now = std::make_unique<net::Wakeup>(state_->poll.loop, [state] {
    if (state->reading) state->read();
  });
  state_->read_now->schedule();
}

bool PseudoTerminal::write(Bytes bytes) {
  if (state_->broken) return true;
  const Bytes rest = bytes.subspan(state_->write_some(bytes));
  if (rest.empty()) return true;
  state_->kept = Buffer::copy_of(rest);
  state_->update();
  return false;
}

}  // namespace uvspdy::kube
