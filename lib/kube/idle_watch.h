#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "uvspdy/httpstream/connection.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {

/// Tells when a connection has carried nothing for a time: no payload and no new or ended stream.
/// Connection::set_idle_timeout cannot tell where a PING goes out every few seconds. It looks ten
/// times in that time, so it may be a tenth late.
class IdleWatch {
 public:
  /// Watches from here on, until it is destroyed. `on_idle` runs from the loop, once, and may
  /// destroy it; a timeout of 0 never comes.
  IdleWatch(std::shared_ptr<httpstream::Connection> connection, std::chrono::milliseconds timeout,
            std::function<void()> on_idle);
  IdleWatch(const IdleWatch&) = delete;
  IdleWatch& operator=(const IdleWatch&) = delete;

 private:
  struct Traffic {
    std::uint64_t payload = 0;
    std::size_t streams = 0;
    bool operator==(const Traffic&) const = default;
  };

  Traffic traffic() const;
  void look();

  std::shared_ptr<httpstream::Connection> connection_;
  std::chrono::milliseconds timeout_;
  std::chrono::milliseconds step_;
  std::function<void()> on_idle_;
  Traffic last_;
  std::uint64_t last_change_;  // uv_now
  net::Timer timer_;
};

}  // namespace uvspdy::kube
