#include "kube/server/close_limit.h"

#include <utility>

#include "kube/server/loop_time.h"

namespace uvspdy::kube {

CloseLimit::CloseLimit(uv_loop_t* loop, std::chrono::milliseconds grace,
                       std::chrono::milliseconds slow_reader_timeout)
    : loop_(loop),
      grace_(grace),
      slow_reader_timeout_(slow_reader_timeout),
      timer_(loop, [this] { look(); }) {}

void CloseLimit::start(std::shared_ptr<httpstream::Connection> connection) {
  if (connection->is_closed()) return;
  connection_ = std::move(connection);
  if (give_up_time_ == 0) give_up_time_ = loop_time_after(loop_, slow_reader_timeout_);
  acknowledged_ = connection_->acknowledged();
  timer_.start(grace_);
}

void CloseLimit::stop() {
  timer_.stop();
  const auto connection = std::move(connection_);
}

// Only whether acknowledged() grows counts, not by how much, since TLS adds bytes of its own.
void CloseLimit::look() {
  const std::uint64_t before = std::exchange(acknowledged_, connection_->acknowledged());
  if (acknowledged_ > before && uv_now(loop_) < give_up_time_) return timer_.start(grace_);
  const auto connection = std::move(connection_);
  connection->abort();
}

}  // namespace uvspdy::kube
