// Prints docs/stream-states.md, or with --check FILE says whether the file is what it would print.

#include <array>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "session/stream_rules.h"

namespace {

using namespace uvspdy::session;

constexpr std::string_view kProse = R"(# Stream states

Printed from the table in `lib/session/stream_rules.cpp`, which the session asks for each frame, by
`tools/dev docs`; a test fails when the two differ.

- *Reserved*: the SYN_STREAM has gone or come and the SYN_REPLY has not. Its creator may have sent
  FLAG_FIN already: *reserved, half-closed*.
- *Local* is this side, *remote* the peer.
- FLAG_FIN is an event of its own, behind the frame that carries it.
- A unidirectional stream is never reserved, for it takes no SYN_REPLY: it begins as half-closed
  remote where it was created and as half-closed local at the other side. With FLAG_FIN it is closed
  at once.
- WINDOW_UPDATE is no part of a stream. It is legal for each stream that was ever on the wire, in
  whatever state, and INVALID_STREAM for others.
- The state is what stands on the wire. A stream that is closed there may still hold data that its
  reader has not taken.

Read a cell as: the state that follows; or in capitals the status of the RST_STREAM that answers the
frame, after which the stream is closed; or *dropped*, without an answer; or nothing where we do not
send such a frame.

Beside the table:

- A SYN_STREAM whose id has our parity, or is smaller than one before, is a session error
  (section 2.3.2), so the column is about the same id a second time.
- Frames for streams that are idle or closed get one RST_STREAM for however many, none if either
  side has sent one for that stream before, and none behind our GOAWAY.
- DATA and HEADERS that the creator writes before the SYN_REPLY wait for it, although section 2.3.2
  would let them go: Go's spdystream drops what comes earlier.
- A SYN_REPLY to a unidirectional stream is dropped: Go's spdystream sends one.
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
