#pragma once

#include <unistd.h>
#include <uv.h>

#include <utility>

namespace uvspdy::kube {

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(uv_file fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { reset(); }

  uv_file get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  uv_file release() { return std::exchange(fd_, -1); }
  void reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  uv_file fd_ = -1;
};

}  // namespace uvspdy::kube
