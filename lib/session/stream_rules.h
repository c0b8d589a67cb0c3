#pragma once

#include <cstdint>
#include <string_view>

#include "uvspdy/session/stream_state.h"
#include "uvspdy/wire/frame.h"

// The meaning of each frame for a stream: the state that it leads to, or the error that it is.
// `rule_for` looks it up; docs/stream-states.md is the same table, printed. A stream stores one
// state for each direction; its StreamState is the name of both together.

namespace uvspdy::session {

/// Which side created a stream.
enum class Creator : std::uint8_t { kHere, kPeer };

/// An event on a stream. FLAG_FIN is an event of its own, after the frame that carries it.
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

/// The consequence of an event in a state.
struct StreamRule {
  enum class Verdict : std::uint8_t {
    kAllowed,  ///< the stream enters the state `next`
    kNotOurs,  ///< we never send this in this state
    kIgnored,  ///< dropped without an answer
    kError,    ///< a stream error (section 2.4.2): RST_STREAM with `status`
  };

  Verdict verdict = Verdict::kNotOurs;
  StreamState next = StreamState::kClosed;
  wire::RstStatus status = wire::RstStatus::kProtocolError;
};

/// The state of one direction of a stream on the wire.
enum class WireState : std::uint8_t {
  kNone,      ///< the direction that a unidirectional stream lacks
  kIdle,      ///< the SYN_STREAM has not been sent
  kReserved,  ///< nothing may be sent before the SYN_REPLY
  kOpen,
  kOver,  ///< after FLAG_FIN or RST_STREAM
};

/// Whether nothing more is sent in a direction.
inline bool is_over(WireState state) {
  return state == WireState::kOver || state == WireState::kNone;
}

/// The states of both directions of a stream: ours and the peer's.
struct WireStates {
  WireState sending = WireState::kIdle;
  WireState receiving = WireState::kIdle;
  bool operator==(const WireStates&) const = default;
};

/// The states before the SYN_STREAM. A unidirectional stream has only its creator's direction.
WireStates first_states(Creator creator, bool unidirectional);

/// The name of both directions' states together. A missing direction counts as over, so a
/// unidirectional stream is never reserved (section 2.3.2.1).
StreamState state_of(Creator creator, WireStates states);

/// The states of both directions after a rule that leads to `next`.
WireStates moved(Creator creator, WireStates states, StreamState next);

StreamRule rule_for(Creator creator, StreamState state, StreamEvent event);

std::string_view name_of(StreamEvent event);

}  // namespace uvspdy::session
