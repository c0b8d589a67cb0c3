#pragma once

#include <sys/ioctl.h>
#include <uv.h>

#include <cstddef>
#include <memory>
#include <string>

#include "kube/process/descriptor_stream.h"
#include "net/descriptor.h"
#include "uvspdy/buffer.h"
#include "uvspdy/error.h"

namespace uvspdy::kube {

/// The master's side of a pseudo-terminal (pty(7)): it reads the output of a command on the slave,
/// and the command reads what is written here as if it were typed. Destroying it hangs the terminal
/// up: the session on it gets SIGHUP.
class PseudoTerminal {
  struct Private {};

 public:
  /// More than the kernel buffers for a pty: 8 KiB under way and 4 KiB to be read.
  static constexpr std::size_t kHeldAtMost = 64 * 1024;

  /// Opens a pseudo-terminal; a size of 0 by 0 is not known yet. Errors: libuv's numbers; the text
  /// names the call that failed.
  static Result<std::unique_ptr<PseudoTerminal>> open(uv_loop_t* loop, winsize size,
                                                      std::shared_ptr<BufferPool> pool);

  PseudoTerminal(Private, net::Descriptor slave, std::string slave_path,
                 std::shared_ptr<DescriptorStream> stream);  // use `open`
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  /// The slave's name in the file system.
  const std::string& slave_path() const { return slave_path_; }

  /// Closes this side's descriptor of the slave, once the command has exited. Until then it keeps
  /// the output from ending when the command closes its own descriptors.
  void release_slave() { slave_.reset(); }

  /// Sets the size; the foreground process group gets SIGWINCH.
  void resize(winsize size);

  /// The process group in the foreground, 0 if there is none.
  int foreground_group() const;

  /// The master to read and write. It ends when no descriptor of the slave is open any more. A pty
  /// takes a little more than 4 KiB that the command does not read.
  const std::shared_ptr<DescriptorStream>& stream() const { return stream_; }

 private:
  net::Descriptor slave_;
  std::string slave_path_;
  std::shared_ptr<DescriptorStream> stream_;
};

}  // namespace uvspdy::kube
