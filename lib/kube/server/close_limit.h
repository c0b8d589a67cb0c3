#pragma once

#include <uv.h>

#include <chrono>
#include <cstdint>
#include <memory>

#include "uvspdy/httpstream/connection.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// Has a connection of a server that stops end soon, whatever its client does: one that takes
/// nothing for `grace` would not let a close come to its end, and one that takes little would take
/// too long.
class CloseLimit {
 public:
  CloseLimit(uv_loop_t* loop, std::chrono::milliseconds grace,
             std::chrono::milliseconds slow_reader_timeout);
  CloseLimit(const CloseLimit&) = delete;
  CloseLimit& operator=(const CloseLimit&) = delete;

  /// From now on the connection is aborted once its client's kernel acknowledges nothing for
  /// `grace`, or `slow_reader_timeout` behind the first call.
  void start(std::shared_ptr<httpstream::Connection> connection);

  /// The client has time again, until the next `start`; also when the connection is closed.
  void stop();

 private:
  void look();

  uv_loop_t* loop_;
  std::chrono::milliseconds grace_;
  std::chrono::milliseconds slow_reader_timeout_;
  std::shared_ptr<httpstream::Connection> connection_;  // while it is limited
  std::uint64_t acknowledged_ = 0;                      // when we last looked
  std::uint64_t give_up_time_ = 0;                      // of the loop, 0 before the first call
  net::Timer timer_;
};

}  // namespace uvspdy::kube
