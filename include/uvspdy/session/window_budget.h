#pragma once

#include <atomic>
#include <cstddef>

namespace uvspdy::session {

/// The bytes by which the receive windows of several connections may grow together: see "Flow
/// control" in docs/architecture.md. Each connection's window has Limits::connection_buffer without
/// it. One connection has at most 16 times of what is then left, so that a newcomer always finds
/// some: one alone 60.2 MiB of 64, two 31 MiB each. A connection that has more than that because
/// others came gives some back with the bytes that it receives next. What a session has taken is
/// free again when it has ended and its readers have their bytes.
///
/// Its sessions may belong to several threads. They keep it alive.
class WindowBudget {
 public:
  static constexpr std::size_t kDefaultSize = 64 * 1024 * 1024;

  /// A budget of `size` bytes. With 0, the windows of connections do not grow.
  explicit WindowBudget(std::size_t size = kDefaultSize) : size_(size), remaining_(size) {}
  WindowBudget(const WindowBudget&) = delete;
  WindowBudget& operator=(const WindowBudget&) = delete;

  std::size_t size() const { return size_; }
  /// Bytes that no connection has taken.
  std::size_t remaining() const { return remaining_.load(std::memory_order_relaxed); }

 private:
  friend class WindowShare;

  std::size_t size_;
  std::atomic<std::size_t> remaining_;
};

}  // namespace uvspdy::session
