#pragma once

#include <vector>

#include "uvspdy/wire/frame.h"

namespace uvspdy::session {

/// SYN_REPLYs and FINs whose sending is reported to the handler: from their queueing until the
/// transport has taken the batch with them.
class Departures {
 public:
  void queue_reply(wire::StreamId id) { queued_.replies.push_back(id); }
  /// A FIN on a SYN_STREAM or SYN_REPLY.
  void queue_fin(wire::StreamId id) { queued_.fins.push_back(id); }
  /// A FIN on a DATA or HEADERS frame, which is in the batch already.
  void fin_in_batch(wire::StreamId id) { in_batch_.fins.push_back(id); }

  /// A new batch is being filled: it takes all that is queued.
  void begin_batch() {
    in_batch_.replies.swap(queued_.replies);
    in_batch_.fins.swap(queued_.fins);
  }

  template <class Reply, class Fin>
  void batch_sent(Reply reply_sent, Fin fin_sent) {
    for (const wire::StreamId id : in_batch_.replies) reply_sent(id);
    in_batch_.replies.clear();
    for (const wire::StreamId id : in_batch_.fins) fin_sent(id);
    in_batch_.fins.clear();
  }

  void clear() { queued_ = in_batch_ = {}; }

 private:
  struct Frames {
    std::vector<wire::StreamId> replies;
    std::vector<wire::StreamId> fins;
  };
  Frames queued_;
  Frames in_batch_;
};

}  // namespace uvspdy::session
