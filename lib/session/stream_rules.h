#pragma once

#include <cstdint>
#include <string_view>

#include "uvspdy/session/stream_state.h"
#include "uvspdy/wire/frame.h"

// What each frame means for a stream: the state it leads to, or the error it is. The code asks
// `rule_for`; docs/stream-states.md is the same table, printed.

namespace uvspdy::session {

/// Which side created a stream.
enum class Creator : std::uint8_t { kHere, kPeer };

/// What happens to a stream. FLAG_FIN is an event of its own, after the frame that carries it.
enum class StreamEvent : std::uint8_t {
  kSendSynStream,
  kSendSynReply,
  kSendHeaders,
  kSendData,
  kSendFin,
  kSendReset,
  kReceiveSynStream,
  kReceiveSynReply,
  kReceiveHeaders,
  kReceiveData,
  kReceiveFin,
  kReceiveReset,
};

/// What follows from an event in a state.
struct StreamRule {
  enum class Verdict : std::uint8_t {
    kAllowed,  ///< the stream is then in `next`
    kNotOurs,  ///< we do not send that here
    kIgnored,  ///< dropped without an answer
    kError,    ///< a stream error (section 2.4.2): RST_STREAM with `status`
  };

  Verdict verdict = Verdict::kNotOurs;
  StreamState next = StreamState::kClosed;
  wire::RstStatus status = wire::RstStatus::kProtocolError;
};

StreamRule rule_for(Creator creator, StreamState state, StreamEvent event);

/// Where a stream is once its SYN_STREAM has gone or come. A unidirectional stream takes no
/// SYN_REPLY: the side that did not create it is half-closed from the start (section 2.3.2.1).
StreamState state_after_syn_stream(Creator creator, bool fin, bool unidirectional);

inline bool may_send(Creator creator, StreamState state, StreamEvent event) {
  return rule_for(creator, state, event).verdict == StreamRule::Verdict::kAllowed;
}

std::string_view name_of(StreamEvent event);

}  // namespace uvspdy::session
