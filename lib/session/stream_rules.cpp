#include "session/stream_rules.h"

#include <array>
#include <cstddef>

namespace uvspdy::session {
namespace {

using enum StreamState;
using wire::RstStatus;

constexpr std::size_t kStates = 7;
constexpr std::size_t kEvents = 12;

constexpr StreamRule to(StreamState next) {
  return {StreamRule::Verdict::kAllowed, next, RstStatus::kProtocolError};
}

constexpr StreamRule error(RstStatus status) {
  return {StreamRule::Verdict::kError, kClosed, status};
}

// Words of the tables below.
// NOLINTBEGIN(readability-identifier-naming, bugprone-reserved-identifier)
constexpr StreamRule ____ = {StreamRule::Verdict::kNotOurs, kClosed, RstStatus::kProtocolError};
constexpr StreamRule drop = {StreamRule::Verdict::kIgnored, kClosed, RstStatus::kProtocolError};
constexpr StreamRule prot = error(RstStatus::kProtocolError);
constexpr StreamRule inval = error(RstStatus::kInvalidStream);
constexpr StreamRule inuse = error(RstStatus::kStreamInUse);
constexpr StreamRule fin = error(RstStatus::kStreamAlreadyClosed);
constexpr StreamRule rsrv = to(kReserved);
constexpr StreamRule rhalf = to(kReservedHalfClosed);
constexpr StreamRule open = to(kOpen);
constexpr StreamRule halfl = to(kHalfClosedLocal);
constexpr StreamRule halfr = to(kHalfClosedRemote);
constexpr StreamRule clos = to(kClosed);
// NOLINTEND(readability-identifier-naming, bugprone-reserved-identifier)

using Row = std::array<StreamRule, kEvents>;
using Table = std::array<Row, kStates>;

// One row for each StreamState, one column for each StreamEvent, in the order of their
// enumerations. Data that waits for the SYN_REPLY is not sent, although section 2.3.2 allows it:
// Go's spdystream drops such data.
// clang-format off
constexpr Table kCreatedHere = {{
  // send: SYN_STREAM SYN_REPLY HEADERS DATA FIN RST_STREAM   receive: the same
  {{rsrv, ____, ____,  ____,  ____,  ____,   prot, inval, inval, inval, drop,  drop}},  // idle
  {{____, ____, ____,  ____,  rhalf, clos,   prot, open,  prot,  prot,  drop,  clos}},  // reserved
  {{____, ____, ____,  ____,  ____,  clos,   prot, halfl, prot,  prot,  drop,  clos}},  // reserved, half-closed
  {{____, ____, open,  open,  halfl, clos,   prot, inuse, open,  open,  halfr, clos}},  // open
  {{____, ____, ____,  ____,  ____,  clos,   prot, inuse, halfl, halfl, clos,  clos}},  // half-closed local
  {{____, ____, halfr, halfr, clos,  clos,   prot, fin,   fin,   fin,   drop,  clos}},  // half-closed remote
  {{____, ____, ____,  ____,  ____,  ____,   prot, inval, inval, prot,  drop,  drop}},  // closed
}};

constexpr Table kCreatedByPeer = {{
  {{____, ____, ____,  ____,  ____,  ____,   rsrv, inval, inval, inval, drop,  drop}},  // idle
  {{____, open, ____,  ____,  ____,  clos,   prot, prot,  rsrv,  rsrv,  rhalf, clos}},  // reserved
  {{____, halfr, ____, ____,  ____,  clos,   prot, prot,  fin,   fin,   drop,  clos}},  // reserved, half-closed
  {{____, ____, open,  open,  halfl, clos,   prot, prot,  open,  open,  halfr, clos}},  // open
  {{____, ____, ____,  ____,  ____,  clos,   prot, prot,  halfl, halfl, clos,  clos}},  // half-closed local
  {{____, ____, halfr, halfr, clos,  clos,   prot, prot,  fin,   fin,   drop,  clos}},  // half-closed remote
  {{____, ____, ____,  ____,  ____,  ____,   prot, inval, inval, prot,  drop,  drop}},  // closed
}};
// clang-format on

}  // namespace

StreamRule rule_for(Creator creator, StreamState state, StreamEvent event) {
  const Table& table = creator == Creator::kHere ? kCreatedHere : kCreatedByPeer;
  return table[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
}

StreamState state_of(Creator creator, WireStates states) {
  const auto [sending, receiving] = states;
  if (sending == WireState::kIdle || receiving == WireState::kIdle) return kIdle;
  const bool here = creator == Creator::kHere;
  const WireState creators = here ? sending : receiving;
  const WireState repliers = here ? receiving : sending;
  if (repliers == WireState::kReserved) return is_over(creators) ? kReservedHalfClosed : kReserved;
  if (is_over(sending)) return is_over(receiving) ? kClosed : kHalfClosedLocal;
  return is_over(receiving) ? kHalfClosedRemote : kOpen;
}

namespace {

// The states of both directions of a stream that has both.
WireStates states_of(Creator creator, StreamState state) {
  const bool here = creator == Creator::kHere;
  constexpr WireState kReservedWay = WireState::kReserved;
  switch (state) {
    case kIdle: return {WireState::kIdle, WireState::kIdle};
    // Data that the peer sends before our SYN_REPLY is received; ours waits (see the table).
    case kReserved: return {kReservedWay, here ? kReservedWay : WireState::kOpen};
    case kReservedHalfClosed:
      return here ? WireStates{WireState::kOver, kReservedWay}
                  : WireStates{kReservedWay, WireState::kOver};
    case kOpen: return {WireState::kOpen, WireState::kOpen};
    case kHalfClosedLocal: return {WireState::kOver, WireState::kOpen};
    case kHalfClosedRemote: return {WireState::kOpen, WireState::kOver};
    case kClosed: break;
  }
  return {WireState::kOver, WireState::kOver};
}

}  // namespace

WireStates first_states(Creator creator, bool unidirectional) {
  const WireState replier = unidirectional ? WireState::kNone : WireState::kIdle;
  return creator == Creator::kHere ? WireStates{WireState::kIdle, replier}
                                   : WireStates{replier, WireState::kIdle};
}

WireStates moved(Creator creator, WireStates states, StreamState next) {
  WireStates to = states_of(creator, next);
  // The other direction, which would wait for a SYN_REPLY, does not exist.
  if (states.receiving == WireState::kNone) {
    to.receiving = WireState::kNone;
    if (to.sending == WireState::kReserved) to.sending = WireState::kOpen;
  }
  if (states.sending == WireState::kNone) to.sending = WireState::kNone;
  return to;
}

std::string_view name_of(StreamState state) {
  switch (state) {
    case kIdle: return "idle";
    case kReserved: return "reserved";
    case kReservedHalfClosed: return "reserved, half-closed";
    case kOpen: return "open";
    case kHalfClosedLocal: return "half-closed local";
    case kHalfClosedRemote: return "half-closed remote";
    case kClosed: return "closed";
  }
  return "unknown";
}

std::string_view name_of(StreamEvent event) {
  switch (event) {
    case StreamEvent::kSendSynStream: return "send SYN_STREAM";
    case StreamEvent::kSendSynReply: return "send SYN_REPLY";
    case StreamEvent::kSendHeaders: return "send HEADERS";
    case StreamEvent::kSendData: return "send DATA";
    case StreamEvent::kSendFin: return "send FLAG_FIN";
    case StreamEvent::kSendReset: return "send RST_STREAM";
    case StreamEvent::kReceiveSynStream: return "receive SYN_STREAM";
    case StreamEvent::kReceiveSynReply: return "receive SYN_REPLY";
    case StreamEvent::kReceiveHeaders: return "receive HEADERS";
    case StreamEvent::kReceiveData: return "receive DATA";
    case StreamEvent::kReceiveFin: return "receive FLAG_FIN";
    case StreamEvent::kReceiveReset: return "receive RST_STREAM";
  }
  return "unknown";
}

}  // namespace uvspdy::session
