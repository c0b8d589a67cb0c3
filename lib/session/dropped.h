#pragma once

#include <utility>
#include <vector>

#include "core/ring.h"
#include "session/stream.h"
#include "uvspdy/buffer.h"
#include "uvspdy/session/trace.h"

namespace uvspdy::session {

/// Objects of the user that the session no longer needs: buffers that were sent or dropped, and
/// trace handlers. Their destructors may call the session. So they are freed in one place, at the
/// end of each function of Session, when its state is consistent. What is added stays with its
/// holder when there is no memory for it.
class Dropped {
 public:
  void add(Ring<Outgoing>& queue) {
    if (!queue.empty()) queues_.emplace_back() = std::move(queue);
  }

  /// Takes the buffers, and leaves the vector's memory to its owner.
  void add(std::vector<Buffer>& buffers) {
    if (buffers_.empty()) {
      buffers_.swap(buffers);
    } else {
      for (Buffer& buffer : buffers) buffers_.push_back(std::move(buffer));
      buffers.clear();
    }
  }

  void add(TraceHandler&& trace) {
    if (trace) traces_.emplace_back() = std::move(trace);
  }

  /// Frees everything, also what the destructors add meanwhile.
  void free_all() {
    if (std::exchange(freeing_, true)) return;  // an outer call of this function goes on
    while (!buffers_.empty() || !queues_.empty() || !traces_.empty()) {
      std::vector<Buffer> buffers = std::move(buffers_);
      buffers_.clear();
      {
        [[maybe_unused]] const auto queues = std::exchange(queues_, {});
        [[maybe_unused]] const auto traces = std::exchange(traces_, {});
        buffers.clear();
      }
      if (buffers_.empty()) buffers_.swap(buffers);  // reuses its memory
    }
    freeing_ = false;
  }

 private:
  std::vector<Buffer> buffers_;
  std::vector<Ring<Outgoing>> queues_;
  std::vector<TraceHandler> traces_;
  bool freeing_ = false;
};

}  // namespace uvspdy::session
