#include "checked_handler.h"

#include <string>
#include <string_view>

#include "violation.h"

namespace uvspdy::fuzz {

/// Stands around what a handler function does; the user acts at its end.
class CheckedHandler::Call {
 public:
  Call(CheckedHandler& handler, const char* name) : handler_(handler) {
    if (!handler_.in_turn_) violation(std::string(name) + " from outside a turn");
    if (handler_.in_call_) violation(std::string(name) + " inside another call");
    handler_.in_call_ = true;
  }
  ~Call() {
    handler_.act();
    handler_.in_call_ = false;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  CheckedHandler& handler_;
};

CheckedHandler::Stream& CheckedHandler::begin(wire::StreamId id) {
  const auto [place, is_new] = streams_.try_emplace(id);
  if (!is_new) violation("stream " + std::to_string(id) + " begins a second time");
  ids_.push_back(id);
  ++live_;
  return place->second;
}

CheckedHandler::Stream& CheckedHandler::live_stream(wire::StreamId id, const char* call) {
  const auto found = streams_.find(id);
  const std::string what = std::string(call) + " for stream " + std::to_string(id);
  if (found == streams_.end()) violation(what + ", which there is none");
  if (found->second.closed) violation(what + ", whose end was told");
  return found->second;
}

void CheckedHandler::created(wire::StreamId id, bool unidirectional) {
  Stream& stream = begin(id);
  stream.ours = true;
  stream.unidirectional = unidirectional;
}

// What never began has no reader that could have paused it.
bool CheckedHandler::awaits_reply(const Stream& stream) { return stream.ours && !stream.replied; }

void CheckedHandler::set_paused(wire::StreamId id, bool paused) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  Stream& stream = found->second;
  stream.paused = paused && !stream.discarded && !stream.reader_taken;
}

void CheckedHandler::discarded(wire::StreamId id) {
  const auto found = streams_.find(id);
  if (found != streams_.end()) found->second.discarded = true;
  pause_is_over(id);
}

void CheckedHandler::pause_is_over(wire::StreamId id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  found->second.paused = false;
  found->second.reader_taken = true;
}

void CheckedHandler::pauses_are_over() {
  for (auto& [id, stream] : streams_) {
    stream.paused = false;
    stream.reader_taken = true;
  }
}

void CheckedHandler::on_stream(wire::SynStreamFrame&& frame) {
  const Call call(*this, "on_stream");
  const wire::StreamId id = frame.stream_id;
  require(received_.has_syn_stream(id), "on_stream without a SYN_STREAM");
  Stream& stream = begin(id);
  stream.unidirectional = frame.unidirectional;
  const Headers taken = std::move(frame.headers);
  on_new_stream(id);
}

void CheckedHandler::on_reply(wire::StreamId id, Headers&&) {
  const Call call(*this, "on_reply");
  Stream& stream = live_stream(id, "on_reply");
  require(stream.ours && !stream.unidirectional, "on_reply for a stream that takes none");
  require(!stream.replied, "a second on_reply");
  require(received_.has_syn_reply(id), "on_reply without a SYN_REPLY");
  stream.replied = true;
}

void CheckedHandler::on_headers(wire::StreamId id, Headers&&) {
  const Call call(*this, "on_headers");
  require(!live_stream(id, "on_headers").received, "on_headers behind on_received");
}

void CheckedHandler::on_data(wire::StreamId id, Bytes bytes) {
  const Call call(*this, "on_data");
  Stream& stream = live_stream(id, "on_data");
  require(!bytes.empty(), "on_data with nothing");
  require(!stream.received, "on_data behind on_received");
  require(!stream.discarded, "on_data for a reader that has left");
  require(!stream.paused, "on_data while the reader pauses");
  require(!stream.ours || stream.replied, "on_data ahead of on_reply");
  check_payload(stream, id, bytes);
}

void CheckedHandler::check_payload(Stream& stream, wire::StreamId id, Bytes bytes) {
  const std::string_view payload = received_.payload(id);
  if (stream.delivered == 0) stream.starts = received_.starts(id);
  std::erase_if(stream.starts, [&](std::size_t start) {
    return payload.substr(start + stream.delivered, bytes.size()) != text_of(bytes);
  });
  if (stream.starts.empty()) {
    violation("on_data for stream " + std::to_string(id) + " with bytes that were not sent so");
  }
  stream.delivered += bytes.size();
}

void CheckedHandler::on_received(wire::StreamId id, const Error& how) {
  const Call call(*this, "on_received");
  Stream& stream = live_stream(id, "on_received");
  require(!stream.received, "a second on_received");
  require(!stream.paused || awaits_reply(stream), "on_received while the reader pauses");
  stream.received = true;
  stream.ended_well = stream.ended_well && !how;
  require(how || received_.has_fin(id) || (stream.ours && stream.unidirectional),
          "the peer's direction ends well before the peer has ended it");
}

void CheckedHandler::on_sent(wire::StreamId id, const Error& how) {
  const Call call(*this, "on_sent");
  Stream& stream = live_stream(id, "on_sent");
  require(!stream.sent, "a second on_sent");
  stream.sent = true;
  stream.ended_well = stream.ended_well && !how;
  require(how || sent_.has_fin(id) || (!stream.ours && stream.unidirectional),
          "our direction ends well before our FIN has gone out");
}

void CheckedHandler::on_stream_closed(wire::StreamId id, const Error& how) {
  const Call call(*this, "on_stream_closed");
  Stream& stream = live_stream(id, "on_stream_closed");
  require(stream.received && stream.sent, "on_stream_closed before both directions have ended");
  require(stream.ended_well == !how, "on_stream_closed with another end than the directions'");
  stream.closed = true;
  --live_;
  require(!how || !how.message().empty(), "a stream's end without a text");
}

void CheckedHandler::on_writable(wire::StreamId id) {
  const Call call(*this, "on_writable");
  require(!live_stream(id, "on_writable").sent, "on_writable behind on_sent");
  require(is_writable(id), "on_writable for a stream that is not");
}

void CheckedHandler::on_full(wire::StreamId id) {
  const Call call(*this, "on_full");
  require(!live_stream(id, "on_full").sent, "on_full behind on_sent");
  require(!is_writable(id), "on_full for a stream that is writable");
}

void CheckedHandler::on_reply_sent(wire::StreamId id) {
  const Call call(*this, "on_reply_sent");
  Stream& stream = live_stream(id, "on_reply_sent");
  require(!stream.ours && sent_.has_syn_reply(id), "on_reply_sent before the SYN_REPLY has gone");
  require(!stream.reply_sent, "a second on_reply_sent");
  stream.reply_sent = true;
}

void CheckedHandler::on_settings(const wire::SettingsFrame& frame) {
  const Call call(*this, "on_settings");
  std::set<wire::SettingId> ids;
  for (const wire::SettingsFrame::Entry& entry : frame.entries) {
    require(ids.insert(entry.id).second, "on_settings with an id twice");
  }
}

void CheckedHandler::on_pong(std::uint32_t ping_id, std::chrono::nanoseconds round_trip) {
  const Call call(*this, "on_pong");
  require(pings_.erase(ping_id) == 1, "on_pong for a PING that nobody sent");
  require(round_trip.count() >= 0, "on_pong with a negative round trip");
}

void CheckedHandler::on_goaway(const wire::GoAwayFrame&) {
  const Call call(*this, "on_goaway");
  require(!goaway_, "a second on_goaway");
  goaway_ = true;
}

}  // namespace uvspdy::fuzz
