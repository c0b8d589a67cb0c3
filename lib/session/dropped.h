#pragma once

#include <utility>
#include <vector>

#include "core/ring.h"
#include "session/stream.h"
#include "uvspdy/buffer.h"
#include "uvspdy/session/trace.h"

namespace uvspdy::session {

/// What the session has of its user's and needs no more: buffers that were sent or given up, and
/// the trace. Their owners may do anything when they are freed, also call the session. So they are
/// freed in one place, at the end of each function of Session, when its state is in order.
class Dropped {
 public:
  void add(Ring<Outgoing>&& queue) {
    if (!queue.empty()) queues_.push_back(std::move(queue));
  }

  /// Takes the buffers and leaves the memory that they stood in.
  void add(std::vector<Buffer>& buffers) {
    if (buffers_.empty()) {
      buffers_.swap(buffers);
    } else {
      for (Buffer& buffer : buffers) buffers_.push_back(std::move(buffer));
      buffers.clear();
    }
  }

  void add(TraceHandler&& trace) {
    if (trace) traces_.push_back(std::move(trace));
  }

  /// Frees everything, and what owners drop meanwhile.
  void free_all() {
    if (std::exchange(freeing_, true)) return;  // the call further up sees to it
    while (!buffers_.empty() || !queues_.empty() || !traces_.empty()) {
      std::vector<Buffer> buffers = std::move(buffers_);
      buffers_.clear();
      {
        [[maybe_unused]] const auto queues = std::exchange(queues_, {});
        [[maybe_unused]] const auto traces = std::exchange(traces_, {});
        buffers.clear();
      }
      if (buffers_.empty()) buffers_.swap(buffers);  // its memory is used again
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
