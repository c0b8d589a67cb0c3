#pragma once

#include <cstdint>
#include <string_view>

#include "uvspdy/session/stream_state.h"
#include "uvspdy/wire/frame.h"

// What each frame means for a stream: the state it leads to, or the error it is. The code asks
// `rule_for`; docs/stream-states.md is the same table, printed. A stream keeps the state of each of
// its directions; the StreamState is the name of the two together.

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

/// Where one direction of a stream stands on the wire.
enum class WireState : std::uint8_t {
  kNone,      ///< a unidirectional stream has no such direction
  kIdle,      ///< the SYN_STREAM has not gone out
  kReserved,  ///< nothing goes this way before the SYN_REPLY
  kOpen,
  kOver,  ///< behind FLAG_FIN or RST_STREAM
};

/// Whether nothing goes this way any more.
inline bool is_over(WireState state) {
  return state == WireState::kOver || state == WireState::kNone;
}

/// Both directions of a stream: what we send, and what we receive.
struct WireStates {
  WireState sending = WireState::kIdle;
  WireState receiving = WireState::kIdle;
  bool operator==(const WireStates&) const = default;
};

/// Before the SYN_STREAM. A unidirectional stream has only its creator's direction.
WireStates first_states(Creator creator, bool unidirectional);

/// The name of two directions' states. A direction that does not exist counts as over, so a
/// unidirectional stream is never reserved (section 2.3.2.1).
StreamState state_of(Creator creator, WireStates states);

/// Where a rule that leads to `next` takes a stream's directions.
WireStates moved(Creator creator, WireStates states, StreamState next);

StreamRule rule_for(Creator creator, StreamState state, StreamEvent event);

std::string_view name_of(StreamEvent event);

}  // namespace uvspdy::session
