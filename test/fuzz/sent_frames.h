#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "received_frames.h"
#include "uvspdy/bytes.h"
#include "uvspdy/session/options.h"
#include "uvspdy/wire/frame_decoder.h"

namespace uvspdy::fuzz {

/// What has left a session, as a strict peer reads it: anything that we must not send is a
/// violation.
class SentFrames {
 public:
  SentFrames(session::Role role, const session::Options& options, ReceivedFrames& received)
      : role_(role),
        flow_control_(options.flow_control),
        max_data_frame_(options.max_data_frame),
        received_(received) {}

  void observe(Bytes piece);

  /// Bytes that were accepted for a stream: its DATA must be these, in order, and all of them
  /// before its FIN.
  void written(wire::StreamId id, std::size_t count) { streams_[id].written += count; }
  /// Byte `offset` of what is written to a stream.
  static std::uint8_t pattern(wire::StreamId id, std::size_t offset) {
    return static_cast<std::uint8_t>(id * 7 + offset * 31 + offset / 251);
  }

  bool has_syn_reply(wire::StreamId id) const { return has(id, &Stream::replied); }
  bool has_fin(wire::StreamId id) const { return has(id, &Stream::fin); }
  /// Whether a PING was answered and no SETTINGS sent.
  bool answers_before_settings() const { return answers_before_settings_; }
  bool has_goaway() const { return goaways_ > 0; }
  /// What we have added to the peer's window of the connection.
  std::int64_t given_to_connection() const { return given_to_connection_; }
  bool inside_frame() const { return decoder_.inside_frame(); }
  std::uint64_t frames() const { return frames_; }

 private:
  struct Stream {
    bool created = false;  // a SYN_STREAM of ours
    bool unidirectional = false;
    bool replied = false;  // a SYN_REPLY of ours
    bool fin = false;
    bool reset = false;  // while it was on the wire
    std::size_t written = 0;
    std::size_t sent = 0;
  };

  void check_opening(const wire::Decoded& frame);
  void see(const wire::NeedMoreInput&) {}
  void see(const wire::DataChunk& chunk);
  void see(const wire::SynStreamFrame& frame);
  void see(const wire::SynReplyFrame& frame);
  void see(const wire::RstStreamFrame& frame);
  void see(const wire::SettingsFrame& frame);
  void see(const wire::PingFrame& frame);
  void see(const wire::GoAwayFrame& frame);
  void see(const wire::HeadersFrame& frame);
  void see(const wire::WindowUpdateFrame& frame);
  void see(const wire::UnknownFrame& frame);
  void see(const wire::InvalidHeaderBlock& frame);

  bool has(wire::StreamId id, bool Stream::*what) const {
    const auto found = streams_.find(id);
    return found != streams_.end() && found->second.*what;
  }
  Stream& sendable(wire::StreamId id, const char* frame);

  session::Role role_;
  session::FlowControl flow_control_;
  std::size_t max_data_frame_;
  ReceivedFrames& received_;
  wire::FrameDecoder decoder_;
  std::map<wire::StreamId, Stream> streams_;
  wire::StreamId last_id_ = 0;
  bool has_settings_ = false;
  bool answers_before_settings_ = false;
  std::size_t goaways_ = 0;
  wire::StreamId last_good_id_ = wire::kMaxStreamId;  // of the newest GOAWAY
  std::int64_t payload_ = 0;                          // of all streams
  std::int64_t given_to_connection_ = 0;
  std::uint64_t frames_ = 0;
};

}  // namespace uvspdy::fuzz
