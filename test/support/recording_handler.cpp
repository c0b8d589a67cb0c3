#include "support/recording_handler.h"

#include <utility>

#include "support/frame_text.h"
#include "uvspdy/session/error.h"

namespace uvspdy::test {

std::string error_text(const Error& error) {
  using session::Errc;
  static const std::map<Errc, std::string> kNames = {
      {Errc::kProtocolError, "kProtocolError"},
      {Errc::kStreamReset, "kStreamReset"},
      {Errc::kStreamRefused, "kStreamRefused"},
      {Errc::kStreamClosed, "kStreamClosed"},
      {Errc::kResetHere, "kResetHere"},
      {Errc::kConnectionClosed, "kConnectionClosed"},
      {Errc::kConnectionLost, "kConnectionLost"},
      {Errc::kGoneAway, "kGoneAway"},
      {Errc::kCreateTimeout, "kCreateTimeout"},
      {Errc::kIdleTimeout, "kIdleTimeout"},
      {Errc::kIdsExhausted, "kIdsExhausted"},
      {Errc::kNoSuchStream, "kNoSuchStream"},
      {Errc::kAlreadyReplied, "kAlreadyReplied"},
      {Errc::kLimitExceeded, "kLimitExceeded"},
      {Errc::kFlowControl, "kFlowControl"},
      {Errc::kPeerDead, "kPeerDead"},
      {Errc::kBadSettings, "kBadSettings"},
      {Errc::kFlowControlUnknown, "kFlowControlUnknown"},
  };
  if (!error) return "ok";
  if (error.code().category() == session::category()) {
    const auto name = kNames.find(static_cast<Errc>(error.code().value()));
    if (name != kNames.end()) return name->second;
  }
  return std::string(error.code().category().name()) + ": " + error.code().message();
}

Lines RecordingHandler::take_all() { return std::exchange(lines_, {}); }

Lines RecordingHandler::take() {
  Lines lines;
  for (std::string& line : lines_) {
    constexpr std::string_view kClosed = "on_stream_closed";
    if (line.starts_with(kClosed) && !line.ends_with(" ok")) {
      const std::string rest = line.substr(kClosed.size());
      while (!lines.empty() &&
             (lines.back() == "on_sent" + rest || lines.back() == "on_received" + rest)) {
        lines.pop_back();
      }
    }
    lines.push_back(std::move(line));
  }
  lines_.clear();
  return lines;
}

void RecordingHandler::record(std::string_view name, wire::StreamId id, const std::string& text) {
  const bool from_peer = name == "on_data" || name == "on_headers" || name == "on_received";
  const bool to_peer = name == "on_writable" || name == "on_full" || name == "on_sent";
  const bool late = closed_.contains(id) || (from_peer && received_.contains(id)) ||
                    (to_peer && sent_.contains(id));
  std::string line;
  if (!in_turn_) line += "OUTSIDE ";
  if (in_call_) line += "NESTED ";
  if (late) line += "LATE ";
  if (name == "on_stream_closed") {
    if (!received_.contains(id) || !sent_.contains(id)) line += "EARLY ";
    closed_.insert(id);
  }
  lines_.push_back(line + std::string(name) + text);
  if (name == "on_received") received_.insert(id);
  if (name == "on_sent") sent_.insert(id);
  if (!during) return;
  const bool outer = std::exchange(in_call_, true);
  during(name, id);
  in_call_ = outer;
}

namespace {

std::string spaced(wire::StreamId id) { return " " + std::to_string(id); }

}  // namespace

void RecordingHandler::on_stream(wire::SynStreamFrame&& frame) {
  std::string text = spaced(frame.stream_id) + " " + headers_text(frame.headers);
  if (frame.associated_to != 0) text += " associated to" + spaced(frame.associated_to);
  if (frame.priority != 0) text += " priority" + spaced(frame.priority);
  if (frame.fin) text += " FIN";
  if (frame.unidirectional) text += " UNIDIRECTIONAL";
  record("on_stream", frame.stream_id, text);
}

void RecordingHandler::on_reply(wire::StreamId id, Headers&& headers) {
  record("on_reply", id, spaced(id) + " " + headers_text(headers));
}

void RecordingHandler::on_headers(wire::StreamId id, Headers&& headers) {
  record("on_headers", id, spaced(id) + " " + headers_text(headers));
}

void RecordingHandler::on_data(wire::StreamId id, Bytes bytes) {
  data_[id] += text_of(bytes);
  record("on_data", id, spaced(id) + " " + payload_text(bytes));
}

void RecordingHandler::on_received(wire::StreamId id, const Error& how) {
  record("on_received", id, spaced(id) + " " + error_text(how));
}

void RecordingHandler::on_sent(wire::StreamId id, const Error& how) {
  record("on_sent", id, spaced(id) + " " + error_text(how));
}

void RecordingHandler::on_stream_closed(wire::StreamId id, const Error& how) {
  closed_message_ = how.message();
  record("on_stream_closed", id, spaced(id) + " " + error_text(how));
}

void RecordingHandler::on_writable(wire::StreamId id) { record("on_writable", id, spaced(id)); }
void RecordingHandler::on_full(wire::StreamId id) { record("on_full", id, spaced(id)); }

void RecordingHandler::on_reply_sent(wire::StreamId id) { record("on_reply_sent", id, spaced(id)); }

void RecordingHandler::on_settings(const wire::SettingsFrame& frame) {
  record("on_settings", 0, settings_text(frame));
}

void RecordingHandler::on_pong(std::uint32_t ping_id, std::chrono::nanoseconds round_trip) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(round_trip);
  record("on_pong", 0, spaced(ping_id) + " after " + std::to_string(milliseconds.count()) + " ms");
}

void RecordingHandler::on_goaway(const wire::GoAwayFrame& frame) {
  record("on_goaway", 0,
         spaced(frame.last_good_stream_id) + " " + std::string(name_of(frame.status)));
}

}  // namespace uvspdy::test
