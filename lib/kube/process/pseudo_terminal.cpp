#include "kube/process/pseudo_terminal.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "uvspdy/net/error.h"

namespace uvspdy::kube {
namespace {

Error system_error(const char* call) {
  return net::uv_error(uv_translate_sys_error(errno), std::string("a terminal: ") + call);
}

void set_size(uv_file master, winsize size) { ioctl(master, TIOCSWINSZ, &size); }

}  // namespace

PseudoTerminal::PseudoTerminal(Private, net::Descriptor slave, std::string slave_path,
                               std::shared_ptr<DescriptorStream> stream)
    : slave_(std::move(slave)), slave_path_(std::move(slave_path)), stream_(std::move(stream)) {}

Result<std::unique_ptr<PseudoTerminal>> PseudoTerminal::open(uv_loop_t* loop, winsize size,
                                                             std::shared_ptr<BufferPool> pool) {
  net::Descriptor master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!master) return system_error("posix_openpt");
  std::array<char, 64> name{};
  if (grantpt(master.get()) != 0) return system_error("grantpt");
  if (unlockpt(master.get()) != 0) return system_error("unlockpt");
  if (ptsname_r(master.get(), name.data(), name.size()) != 0) return system_error("ptsname");
  net::Descriptor slave(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave) return system_error(name.data());
  set_size(master.get(), size);
  auto stream = DescriptorStream::open(loop, std::move(master), std::move(pool));
  if (!stream) return stream.error();
  return std::make_unique<PseudoTerminal>(Private{}, std::move(slave), name.data(),
                                          std::move(*stream));
}

PseudoTerminal::~PseudoTerminal() {
  slave_.reset();
  stream_->close(net::uv_error(UV_ECANCELED, "the terminal was hung up"));
}

void PseudoTerminal::resize(winsize size) { set_size(stream_->fd(), size); }

int PseudoTerminal::foreground_group() const {
  pid_t group = 0;
  return ioctl(stream_->fd(), TIOCGPGRP, &group) == 0 ? group : 0;
}

}  // namespace uvspdy::kube
