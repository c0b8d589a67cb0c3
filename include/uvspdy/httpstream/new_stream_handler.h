#pragma once

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/export.h"
#include "uvspdy/headers.h"
#include "uvspdy/httpstream/stream.h"
#include "uvspdy/wire/frame.h"

namespace uvspdy::httpstream {

/// The answer to a stream that the peer wants to create. It may be given at once or later, anywhere
/// on the loop's thread; copies stand for the same answer. If the last copy, or the stream's
/// writer, is dropped before the answer, the stream is rejected (REFUSED_STREAM). When the
/// transport closes first, the stream ends, and bytes buffered for it are dropped.
class UVSPDY_EXPORT StreamDecision {
 public:
  /// Accepts the stream by SYN_REPLY (section 2.6.2), which a unidirectional stream does not get.
  /// No effect after an answer, or when the stream has ended. If the headers cannot be sent (the
  /// wire::Errc that Connection::create_stream lists), the stream is reset (INTERNAL_ERROR).
  void accept(Headers reply_headers = {});

  /// Rejects the stream by RST_STREAM (section 2.6.3). No effect after an answer. Go's httpstream
  /// sends CANCEL here; peers take CANCEL and REFUSED_STREAM for a refusal.
  void reject(wire::RstStatus status = wire::RstStatus::kRefusedStream);

  /// Sets a handler that is called once the SYN_REPLY is with the transport (Go: the replySent
  /// channel), or in the loop's next turn if it is already. It is not called when the stream is
  /// rejected or ends first.
  void on_reply_sent(OnceCallback<void()> handler);

 private:
  friend class Connection;
  struct State;
  explicit StreamDecision(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// Called for each stream that the peer creates, before its data is delivered. The stream may be
/// written to at once; what is written leaves after `accept`. The handler must keep the stream: a
/// stream dropped before the answer is refused, and one dropped later is reset (see Stream).
using NewStreamHandler = Callback<void(std::shared_ptr<Stream>, StreamDecision)>;

/// Accepts every stream, ends its own direction, and discards the bytes of the peer.
struct UVSPDY_EXPORT NoOpNewStreamHandler {
  void operator()(const std::shared_ptr<Stream>& stream, StreamDecision decision) const;
};

}  // namespace uvspdy::httpstream
