#pragma once

#include <sys/ioctl.h>
#include <uv.h>

#include <functional>
#include <memory>
#include <string>

#include "uvspdy/buffer.h"
#include "uvspdy/error.h"

namespace uvspdy::kube {

/// The master's side of a pseudo-terminal (pty(7)): what a command on its slave writes is read
/// here, what is written here it reads as typed. Destroying it hangs the terminal up: the session
/// on it gets SIGHUP, and no handler is called after that.
///
/// Not a libuv stream: for one of those a hang-up is the end, and output that is still in the pty
/// would be lost.
class PseudoTerminal {
  struct State;
  struct Private {};

 public:
  struct Handlers {
    std::function<void(Buffer)> on_data;
    // Nobody has the slave open any more (EIO), and all is read; or why no more can be.
    std::function<void(const Error&)> on_end;
    std::function<void()> on_drained;  // what `write` had to keep has been taken
  };

  /// More than a pty holds: 8 KiB under way and 4 KiB to be read.
  static constexpr std::size_t kHeldAtMost = 64 * 1024;

  /// What is read into `pool`'s blocks is handed on in them, or in copies if it is little. A size
  /// of 0 by 0 is one that nobody knows yet. Errors: libuv's numbers, with the call that failed.
  static Result<std::unique_ptr<PseudoTerminal>> open(uv_loop_t* loop, winsize size,
                                                      std::shared_ptr<BufferPool> pool,
                                                      Handlers handlers);

  PseudoTerminal(Private, std::unique_ptr<State> state);  // use `open`
  ~PseudoTerminal();
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  /// The slave's name in the file system.
  const std::string& slave_path() const;

  /// The slave is kept open here, so that a command that has closed its own descriptors has not
  /// ended its output for good; this closes it, once the command has exited.
  void release_slave();

  /// Tells the foreground process group about a new size by SIGWINCH.
  void resize(winsize size);

  /// The process group in the foreground, 0 if there is none.
  int foreground_group() const;

  void start_reading();
  void stop_reading();

  /// Reads what is in the pty now and no more than that; on_end follows behind it.
  void end_behind_held();

  /// Types. A pty takes 4 KiB that nobody reads and a little more; the rest is copied and kept.
  /// Returns whether nothing had to be kept; if not, on_drained follows, and `write` is not to be
  /// called before.
  bool write(Bytes bytes);

 private:
  std::unique_ptr<State> state_;
};

}  // namespace uvspdy::kube
