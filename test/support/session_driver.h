#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "support/frame_lines.h"
#include "support/frame_writer.h"
#include "support/manual_clock.h"
#include "support/recording_handler.h"
#include "uvspdy/session/session.h"

namespace uvspdy::test {

/// Options for tests of other things than flow control: no opening frames, no windows.
inline session::Options without_windows() {
  session::Options options;
  options.flow_control = session::FlowControl::kNone;
  return options;
}

/// Options for tests of flow control.
inline session::Options with_windows(session::FlowControl mode = session::FlowControl::kStandard) {
  session::Options options;
  options.flow_control = mode;
  return options;
}

/// One Session and everything around it that a test plays: the clock, the handler and the peer.
///
///     SessionDriver client(session::Role::kClient);
///     const auto id = client.create({{"a", "1"}});
///     CHECK(client.sent() == Lines{"SYN_STREAM 1 {a: 1}"});
///     client.receive(wire::SynReplyFrame{id});
///     CHECK(client.told() == Lines{"on_reply 1 {}"});
class SessionDriver {
 public:
  explicit SessionDriver(session::Role role, session::Options options = without_windows())
      : session(role, std::move(options), handler) {}

  ManualClock clock;
  RecordingHandler handler;
  FrameWriter peer;
  session::Session session;

  /// What the peer sends.
  template <class Frame>
  void receive(const Frame& frame) {
    receive_bytes(peer.bytes(frame));
  }
  void receive_data(wire::StreamId id, std::string_view payload, bool fin = false) {
    receive_bytes(peer.data(id, payload, fin));
  }
  /// The session gets these bytes behind those that it has left; a session that is slowing the peer
  /// leaves the rest, which `turn` passes on.
  void receive_bytes(Bytes bytes) {
    unread_.insert(unread_.end(), bytes.begin(), bytes.end());
    give_unread();
  }
  std::size_t unread() const { return unread_.size(); }
  void receive_end(const Error& reason = {}) {
    const RecordingHandler::Turn turn(handler);
    session.receive_end(reason);
  }

  /// Passes the input on that the session has left, and calls advance for as long as deadline() is
  /// past.
  void turn();

  /// What the handler was told since this was last called, after a `turn`.
  Lines told() {
    turn();
    return handler.take();
  }

  /// The first `count` bytes of output() are taken.
  void output_sent(std::size_t count) { session.output_sent(count, clock.now()); }

  /// Everything that the session wants to send, taken as a transport would that never blocks.
  std::vector<std::uint8_t> take_output();

  /// The same as one line a frame.
  Lines sent() { return read_lines(take_output()); }

  /// Bytes that a test took itself, as lines; they must be all that were, in order.
  Lines read_lines(Bytes output) { return reader_.read(output); }

  /// All DATA of a stream that `sent` or `read_lines` has seen.
  const std::string& sent_payload(wire::StreamId id) { return reader_.payload(id); }

  /// Throws away what is sent first, and told: a client's opening. A server has none before the
  /// client's first frame.
  void open();

  /// create_stream and write, which must succeed.
  wire::StreamId create(Headers headers = {}, const session::CreateOptions& options = {});
  void write(wire::StreamId id, std::string_view payload);

  /// A stream created here that has its SYN_REPLY; what was sent and told so far is thrown away.
  wire::StreamId create_accepted(const session::CreateOptions& options = {});

  /// A stream that the peer created and that was replied to; likewise.
  void accept(const wire::SynStreamFrame& frame);

 private:
  void give_unread();

  FrameReader reader_;
  std::vector<std::uint8_t> unread_;
};

/// The bytes of spans, in one piece.
std::vector<std::uint8_t> joined(std::span<const Bytes> spans);

}  // namespace uvspdy::test
