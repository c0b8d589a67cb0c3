#pragma once

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::httpstream {

/// The answer to a stream that the peer wants to create. It may be given at once or later, from any
/// place on the loop's thread; copies stand for the same answer. When the last copy goes without an
/// answer, or the stream's writer goes before the answer, the stream is rejected (REFUSED_STREAM).
/// A peer that is gone takes no answer: with it the stream ends, and what it holds unread is
/// dropped.
class UVSPDY_EXPORT StreamDecision {
 public:
  /// Sends SYN_REPLY. Does nothing once decided, or when the stream has ended meanwhile. With
  /// headers that cannot be sent (the errors of wire::FrameEncoder) the stream is reset
  /// (INTERNAL_ERROR).
  void accept(Headers reply_headers = {});

  /// Sends RST_STREAM. Does nothing once decided. Go's httpstream answers with CANCEL; a peer
  /// takes both for a refusal.
  void reject(wire::RstStatus status = wire::RstStatus::kRefusedStream);

  /// Calls a handler once the SYN_REPLY is with the transport (Go: the replySent channel); in the
  /// loop's next turn when it is already. Not called when the stream is rejected or ends first.
  void on_reply_sent(OnceCallback<void()> handler);

 private:
  friend class Connection;
  struct State;
  explicit StreamDecision(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// Is told of each stream that the peer creates, before its data flows. Writing to the stream is
/// allowed at once; what is written waits for `accept`. The stream is the handler's to keep:
/// dropped before the answer it is refused, dropped behind it reset (see Stream).
using NewStreamHandler = Callback<void(std::shared_ptr<Stream>, StreamDecision)>;

/// Accepts every stream, says nothing on it, and ignores what comes.
struct UVSPDY_EXPORT NoOpNewStreamHandler {
  void operator()(const std::shared_ptr<Stream>& stream, StreamDecision decision) const;
};

}  // namespace uvspdy::httpstream
