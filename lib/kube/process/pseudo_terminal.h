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

/// The master's side of a pseudo-terminal (pty(7)): what a command on its slave writes is read
/// here, what is written here it reads as typed. Destroying it hangs the terminal up: the session
/// on it gets SIGHUP.
class PseudoTerminal {
  struct Private {};

 public:
  /// More than a pty holds: 8 KiB under way and 4 KiB to be read.
  static constexpr std::size_t kHeldAtMost = 64 * 1024;

  /// A size of 0 by 0 is one that nobody knows yet. Errors: libuv's numbers, with the call that
  /// failed.
  static Result<std::unique_ptr<PseudoTerminal>> open(uv_loop_t* loop, winsize size,
                                                      std::shared_ptr<BufferPool> pool);

  PseudoTerminal(Private, net::Descriptor slave, std::string slave_path,
                 std::shared_ptr<DescriptorStream> stream);  // use `open`
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  /// The slave's name in the file system.
  const std::string& slave_path() const { return slave_path_; }

  /// The slave is kept open here, so that a command that has closed its own descriptors has not
  /// ended its output for good; this closes it, once the command has exited.
  void release_slave() { slave_.reset(); }

  /// Tells the foreground process group about a new size by SIGWINCH.
  void resize(winsize size);

  /// The process group in the foreground, 0 if there is none.
  int foreground_group() const;

  /// What is read and written. It ends when nobody has the slave open any more. A pty takes 4 KiB
  /// that nobody reads and a little more.
  const std::shared_ptr<DescriptorStream>& stream() const { return stream_; }

 private:
  net::Descriptor slave_;
  std::string slave_path_;
  std::shared_ptr<DescriptorStream> stream_;
};

}  // namespace uvspdy::kube
