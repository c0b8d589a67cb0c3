#pragma once

#include <uv.h>

#include <chrono>
#include <cstdint>
#include <memory>

#include "uvspdy/httpstream/connection.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// Ends a connection of a stopping server soon, whatever its client does. A client that reads
/// nothing would keep a close from completing, and one that reads slowly would take too long.
class CloseLimit {
 public:
  CloseLimit(uv_loop_t* loop, std::chrono::milliseconds grace,
             std::chrono::milliseconds slow_reader_timeout);
  CloseLimit(const CloseLimit&) = delete;
  CloseLimit& operator=(const CloseLimit&) = delete;

  /// From now on the connection is aborted when its client's kernel acknowledges nothing for
  /// `grace`, or `slow_reader_timeout` after the first call.
  void start(std::shared_ptr<httpstream::Connection> connection);

  /// Lifts the limit until the next `start`, and releases the connection.
  void stop();

 private:
  void look();

  uv_loop_t* loop_;
  std::chrono::milliseconds grace_;
  std::chrono::milliseconds slow_reader_timeout_;
  std::shared_ptr<httpstream::Connection> connection_;  // while it is limited
  std::uint64_t acknowledged_ = 0;                      // at the last look
  std::uint64_t give_up_time_ = 0;                      // of the loop, 0 before the first call
  net::Timer timer_;
};

}  // namespace uvspdy::kube
