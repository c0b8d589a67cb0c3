// The table of stream states by itself: no dead ends, and no frame that one side may send and the
// other would not take.

#include "session/stream_rules.h"

#include <array>
#include <deque>
#include <set>
#include <utility>

#include "support/catch.h"

namespace uvspdy::test {
namespace {

using namespace session;
using Verdict = StreamRule::Verdict;

constexpr std::array kStates = {
    StreamState::kIdle,   StreamState::kReserved,        StreamState::kReservedHalfClosed,
    StreamState::kOpen,   StreamState::kHalfClosedLocal, StreamState::kHalfClosedRemote,
    StreamState::kClosed,
};

// What is sent and, one further, what that is at the other side.
constexpr std::array<std::pair<StreamEvent, StreamEvent>, 6> kFrames = {{
    {StreamEvent::kSendSynStream, StreamEvent::kReceiveSynStream},
    {StreamEvent::kSendSynReply, StreamEvent::kReceiveSynReply},
    {StreamEvent::kSendHeaders, StreamEvent::kReceiveHeaders},
    {StreamEvent::kSendData, StreamEvent::kReceiveData},
    {StreamEvent::kSendFin, StreamEvent::kReceiveFin},
    {StreamEvent::kSendReset, StreamEvent::kReceiveReset},
}};

constexpr Creator kCreators[] = {Creator::kHere, Creator::kPeer};

StreamState mirrored(StreamState state) {
  if (state == StreamState::kHalfClosedLocal) return StreamState::kHalfClosedRemote;
  if (state == StreamState::kHalfClosedRemote) return StreamState::kHalfClosedLocal;
  return state;
}

/// Both ends of one stream: where its creator has it, and where the other side has it.
using Ends = std::pair<StreamState, StreamState>;

/// One frame from one end to the other, with nothing else under way. False if it is not sent.
bool pass(Ends& ends, bool from_creator, const std::pair<StreamEvent, StreamEvent>& frame) {
  const Creator sender = from_creator ? Creator::kHere : Creator::kPeer;
  const Creator receiver = from_creator ? Creator::kPeer : Creator::kHere;
  StreamState& sent_from = from_creator ? ends.first : ends.second;
  StreamState& come_to = from_creator ? ends.second : ends.first;
  const StreamRule sent = rule_for(sender, sent_from, frame.first);
  if (sent.verdict != Verdict::kAllowed) return false;
  const StreamRule come = rule_for(receiver, come_to, frame.second);
  INFO(name_of(frame.first) << " while " << name_of(sent_from) << ", the other side is "
                            << name_of(come_to));
  CHECK(come.verdict == Verdict::kAllowed);
  sent_from = sent.next;
  come_to = come.next;
  return true;
}

/// All pairs that can be reached, by frames that do not cross.
std::set<Ends> reachable(const std::set<Ends>& begin) {
  std::set<Ends> seen = begin;
  std::deque<Ends> open(begin.begin(), begin.end());
  while (!open.empty()) {
    const Ends from = open.front();
    open.pop_front();
    for (const auto& frame : kFrames) {
      for (const bool from_creator : {true, false}) {
        Ends ends = from;
        if (pass(ends, from_creator, frame) && seen.insert(ends).second) open.push_back(ends);
      }
    }
  }
  return seen;
}

WireStates follow(Creator creator, WireStates states, StreamEvent event) {
  const StreamRule rule = rule_for(creator, state_of(creator, states), event);
  REQUIRE(rule.verdict == Verdict::kAllowed);
  return moved(creator, states, rule.next);
}

/// Where a stream is once its SYN_STREAM has gone, or come, and the FIN on it.
StreamState after_syn_stream(Creator creator, bool fin, bool unidirectional) {
  const bool here = creator == Creator::kHere;
  WireStates states = first_states(creator, unidirectional);
  states =
      follow(creator, states, here ? StreamEvent::kSendSynStream : StreamEvent::kReceiveSynStream);
  if (fin) {
    states = follow(creator, states, here ? StreamEvent::kSendFin : StreamEvent::kReceiveFin);
  }
  return state_of(creator, states);
}

bool may_send(Creator creator, StreamState state, StreamEvent event) {
  return rule_for(creator, state, event).verdict == Verdict::kAllowed;
}

/// The beginnings of a stream: not there yet, and behind each kind of SYN_STREAM.
std::set<Ends> beginnings() {
  std::set<Ends> begin = {{StreamState::kIdle, StreamState::kIdle}};
  for (const bool fin : {false, true}) {
    for (const bool unidirectional : {false, true}) {
      begin.emplace(after_syn_stream(Creator::kHere, fin, unidirectional),
                    after_syn_stream(Creator::kPeer, fin, unidirectional));
    }
  }
  return begin;
}

TEST_CASE("what one side may send the other side takes", "[session][stream-rules]") {
  for (const Ends& ends : reachable(beginnings())) {
    INFO(name_of(ends.first) << " at the creator, " << name_of(ends.second) << " at the other");
    CHECK(ends.second == mirrored(ends.first));
  }
}

TEST_CASE("every state is reached, and leads to closed", "[session][stream-rules]") {
  const std::set<Ends> all = reachable(beginnings());
  for (const StreamState state : kStates) {
    INFO(name_of(state));
    CHECK(all.contains({state, mirrored(state)}));
    const std::set<Ends> behind = reachable({{state, mirrored(state)}});
    CHECK(behind.contains({StreamState::kClosed, StreamState::kClosed}));
  }
}

TEST_CASE("closed and idle are ends", "[session][stream-rules]") {
  for (const Creator creator : kCreators) {
    for (const auto& [sent, received] : kFrames) {
      INFO(name_of(sent));
      CHECK(rule_for(creator, StreamState::kClosed, sent).verdict == Verdict::kNotOurs);
      CHECK(rule_for(creator, StreamState::kClosed, received).verdict != Verdict::kAllowed);
      const bool begins = sent == StreamEvent::kSendSynStream;
      CHECK(may_send(creator, StreamState::kIdle, sent) == (begins && creator == Creator::kHere));
      CHECK((rule_for(creator, StreamState::kIdle, received).verdict == Verdict::kAllowed) ==
            (begins && creator == Creator::kPeer));
    }
  }
}

TEST_CASE("each event has an answer of its kind", "[session][stream-rules]") {
  for (const Creator creator : kCreators) {
    for (const StreamState state : kStates) {
      for (const auto& [sent, received] : kFrames) {
        INFO(name_of(state) << ", " << name_of(received));
        const Verdict out = rule_for(creator, state, sent).verdict;
        CHECK((out == Verdict::kAllowed || out == Verdict::kNotOurs));
        CHECK(rule_for(creator, state, received).verdict != Verdict::kNotOurs);
      }
      // RST_STREAM gets no RST_STREAM (section 2.4.2); FLAG_FIN is not answered beside its frame.
      CHECK(rule_for(creator, state, StreamEvent::kReceiveReset).verdict != Verdict::kError);
      CHECK(rule_for(creator, state, StreamEvent::kReceiveFin).verdict != Verdict::kError);
    }
  }
}

TEST_CASE("both can reset a stream in any state between idle and closed",
          "[session][stream-rules]") {
  for (const Creator creator : kCreators) {
    for (const StreamState state : kStates) {
      const bool there = state != StreamState::kIdle && state != StreamState::kClosed;
      INFO(name_of(state));
      CHECK(may_send(creator, state, StreamEvent::kSendReset) == there);
      const StreamRule come = rule_for(creator, state, StreamEvent::kReceiveReset);
      CHECK((come.verdict == Verdict::kAllowed) == there);
      CHECK(come.next == StreamState::kClosed);
    }
  }
}

TEST_CASE("a FIN takes away what may be sent, and nothing else", "[session][stream-rules]") {
  for (const Creator creator : kCreators) {
    for (const StreamState state : kStates) {
      INFO(name_of(state));
      const StreamRule fin = rule_for(creator, state, StreamEvent::kSendFin);
      if (fin.verdict != Verdict::kAllowed) continue;
      for (const StreamEvent event :
           {StreamEvent::kSendHeaders, StreamEvent::kSendData, StreamEvent::kSendFin}) {
        CHECK_FALSE(may_send(creator, fin.next, event));
      }
      const auto takes = [creator](StreamState in, StreamEvent event) {
        return rule_for(creator, in, event).verdict == Verdict::kAllowed;
      };
      CHECK(takes(fin.next, StreamEvent::kReceiveData) == takes(state, StreamEvent::kReceiveData));
    }
  }
}

TEST_CASE("where a stream is behind its SYN_STREAM", "[session][stream-rules]") {
  const auto here = [](bool fin, bool unidirectional) {
    return after_syn_stream(Creator::kHere, fin, unidirectional);
  };
  CHECK(here(false, false) == StreamState::kReserved);
  CHECK(here(true, false) == StreamState::kReservedHalfClosed);
  CHECK(here(false, true) == StreamState::kHalfClosedRemote);
  CHECK(here(true, true) == StreamState::kClosed);
  CHECK(after_syn_stream(Creator::kPeer, false, true) == StreamState::kHalfClosedLocal);
}

TEST_CASE("a state is the name of two directions", "[session][stream-rules]") {
  for (const Creator creator : kCreators) {
    const WireStates first = first_states(creator, false);
    CHECK(state_of(creator, first) == StreamState::kIdle);
    for (const StreamState state : kStates) {
      INFO(name_of(state));
      CHECK(state_of(creator, moved(creator, first, state)) == state);
    }
  }
}

// The session asks a direction whether it is open where the table has a column for that.
TEST_CASE("what the states of directions say is what the table says", "[session][stream-rules]") {
  for (const Creator creator : kCreators) {
    for (const StreamState state : kStates) {
      INFO(name_of(state));
      const WireStates states = moved(creator, first_states(creator, false), state);
      CHECK((states.sending == WireState::kOpen) ==
            may_send(creator, state, StreamEvent::kSendData));
      CHECK((states.receiving == WireState::kOpen) ==
            (rule_for(creator, state, StreamEvent::kReceiveData).verdict == Verdict::kAllowed));
    }
  }
}

TEST_CASE("a unidirectional stream has one direction, in every state", "[session][stream-rules]") {
  WireStates states = first_states(Creator::kHere, true);
  CHECK(states == WireStates{WireState::kIdle, WireState::kNone});
  states = follow(Creator::kHere, states, StreamEvent::kSendSynStream);
  CHECK(states == WireStates{WireState::kOpen, WireState::kNone});
  states = follow(Creator::kHere, states, StreamEvent::kSendFin);
  CHECK(states == WireStates{WireState::kOver, WireState::kNone});

  states = first_states(Creator::kPeer, true);
  states = follow(Creator::kPeer, states, StreamEvent::kReceiveSynStream);
  CHECK(states == WireStates{WireState::kNone, WireState::kOpen});
  states = follow(Creator::kPeer, states, StreamEvent::kReceiveReset);
  CHECK(states == WireStates{WireState::kNone, WireState::kOver});
}

}  // namespace
}  // namespace uvspdy::test
