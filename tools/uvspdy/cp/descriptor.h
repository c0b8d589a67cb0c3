#pragma once

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace uvspdy::command {

/// Owns a file descriptor; below 0: none.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  /// Puts a file's bytes on the disk, where the system can, and closes the file. False: there was
  /// an error, perhaps of an earlier write, which errno has.
  bool commit() {
    const bool is_synced = fsync(fd_) == 0 || errno == EINVAL;
    const int error = errno;
    const bool is_closed = close(release()) == 0;
    if (!is_synced) errno = error;
    return is_synced && is_closed;
  }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace uvspdy::command
