// Prints docs/stream-states.md; with --check FILE, compares the file with that.

#include <array>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "session/stream_rules.h"

namespace {

using namespace uvspdy::session;

constexpr std::string_view kProse = R"(# Stream states

Printed by `tools/dev docs` from the table in `lib/session/stream_rules.cpp`, in which the session
looks up each frame; a test fails when the two differ.

- *Reserved*: the SYN_STREAM has been sent or received, the SYN_REPLY has not. If the creator has
  already sent FLAG_FIN, the stream is *reserved, half-closed*.
- *Local* is this side, *remote* the peer.
- FLAG_FIN is an event of its own, after the frame that carries it.
- A unidirectional stream takes no SYN_REPLY, so it is never reserved: it begins as half-closed
  remote on the side that created it, and as half-closed local on the other. With FLAG_FIN it is
  closed at once.
- WINDOW_UPDATE does not change a stream's state. It is allowed in every state for a stream that was
  ever on the wire, and answered with INVALID_STREAM for all others.
- These are the states on the wire. A stream that is closed there may still have data buffered for
  its reader.

A cell contains the next state; or, in capitals, the status of the RST_STREAM that answers the
frame, after which the stream is closed; or *dropped* if the frame is ignored without an answer. An
empty cell means that we do not send such a frame in that state.

Besides the table:

- A SYN_STREAM whose id has our parity, or is smaller than an earlier one, is a session error
  (section 2.3.2). So the column *receive SYN_STREAM* is about an id that is used a second time.
- All frames for a stream that is idle or closed are answered with one RST_STREAM together. There is
  none if either side has sent one for that stream before, and none after our GOAWAY.
- HEADERS and DATA that a creator writes before the SYN_REPLY are buffered until it has come,
  although section 2.3.2 allows them earlier: Go's spdystream drops what comes before it.
- A SYN_REPLY for a unidirectional stream is dropped: Go's spdystream sends one.
)";

constexpr std::array kStates = {
    StreamState::kIdle,   StreamState::kReserved,        StreamState::kReservedHalfClosed,
    StreamState::kOpen,   StreamState::kHalfClosedLocal, StreamState::kHalfClosedRemote,
    StreamState::kClosed,
};
constexpr std::array kSent = {
    StreamEvent::kSendSynStream, StreamEvent::kSendSynReply, StreamEvent::kSendHeaders,
    StreamEvent::kSendData,      StreamEvent::kSendFin,      StreamEvent::kSendReset,
};
constexpr std::array kReceived = {
    StreamEvent::kReceiveSynStream, StreamEvent::kReceiveSynReply, StreamEvent::kReceiveHeaders,
    StreamEvent::kReceiveData,      StreamEvent::kReceiveFin,      StreamEvent::kReceiveReset,
};

std::string cell(const StreamRule& rule) {
  switch (rule.verdict) {
    case StreamRule::Verdict::kAllowed: return std::string(name_of(rule.next));
    case StreamRule::Verdict::kNotOurs: return "";
    case StreamRule::Verdict::kIgnored: return "*dropped*";
    case StreamRule::Verdict::kError: return std::string(uvspdy::wire::name_of(rule.status));
  }
  return "";
}

template <std::size_t N>
void print_table(std::ostream& out, Creator creator, const std::array<StreamEvent, N>& events) {
  out << "\n| state |";
  for (const StreamEvent event : events) out << " " << name_of(event) << " |";
  out << "\n|---|";
  for (std::size_t i = 0; i < N; ++i) out << "---|";
  for (const StreamState state : kStates) {
    out << "\n| **" << name_of(state) << "** |";
    for (const StreamEvent event : events) {
      const std::string text = cell(rule_for(creator, state, event));
      out << " " << text << (text.empty() ? "|" : " |");
    }
  }
  out << "\n";
}

std::string document() {
  std::ostringstream out;
  out << kProse;
  out << "\n## Streams created here\n";
  print_table(out, Creator::kHere, kSent);
  print_table(out, Creator::kHere, kReceived);
  out << "\n## Streams created by the peer\n";
  print_table(out, Creator::kPeer, kSent);
  print_table(out, Creator::kPeer, kReceived);
  return out.str();
}

bool is_up_to_date(const char* path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (text.str() == document()) return true;
  std::cout << path << " is not what the table says; tools/dev docs writes it anew\n";
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    std::cout << document();
    return 0;
  }
  if (argc != 3 || std::string_view(argv[1]) != "--check") {
    std::cerr << "usage: print-stream-states [--check FILE]\n";
    return 2;
  }
  const bool good = is_up_to_date(argv[2]);
  std::cout << (good ? "1 passed, 0 failed" : "0 passed, 1 failed") << ", 0 skipped\n";
  return good ? 0 : 1;
}
