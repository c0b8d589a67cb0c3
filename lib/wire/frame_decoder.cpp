#include "uvspdy/wire/frame_decoder.h"

#include <algorithm>
#include <string>
#include <utility>

#include "uvspdy/wire/header_block.h"
#include "wire/byte_order.h"
#include "wire/frame_layout.h"

namespace uvspdy::wire {
namespace {

StreamId read_stream_id(Bytes body, std::size_t offset) {
  return read_u32(body, offset) & kMaxStreamId;
}

}  // namespace

FrameDecoder::FrameDecoder(const Limits& limits)
    : limits_(limits), inflater_(limits.inflated_header_block) {}

Error FrameDecoder::fail(std::error_code code, const std::string& what) {
  const std::string frame = head_.control
                                ? std::string(name_of(static_cast<FrameType>(head_.type))) +
                                      " frame (type " + std::to_string(head_.type) + ", length " +
                                      std::to_string(head_.length) + ")"
                                : "DATA frame (stream " + std::to_string(head_.stream_id) +
                                      ", length " + std::to_string(head_.length) + ")";
  state_ = State::kFailed;
  collected_ = std::vector<std::uint8_t>();
  error_ = Error(code, frame + ": " + what);
  return error_;
}

Result<Decoded> FrameDecoder::next(Bytes& input) {
  for (;;) {
    switch (state_) {
      case State::kFailed: return error_;
      case State::kHead: {
        if (!take_head(input)) return Decoded(NeedMoreInput{});
        if (Error error = check_head()) return fail(error.code(), error.message());
        remaining_ = head_.length;
        inflated_size_ = 0;
        data_begun_ = false;
        state_ = !head_.control                                 ? State::kData
                 : is_known(static_cast<FrameType>(head_.type)) ? State::kControl
                                                                : State::kSkip;
        break;
      }
      case State::kData:
        if (input.empty() && remaining_ != 0) return Decoded(NeedMoreInput{});
        return Decoded(take_data(input));
      case State::kControl: return take_control(input);
      case State::kSkip: {
        const std::size_t skipped = std::min(remaining_, input.size());
        input = input.subspan(skipped);
        remaining_ -= skipped;
        if (remaining_ != 0) return Decoded(NeedMoreInput{});
        state_ = State::kHead;
        return Decoded(UnknownFrame{head_.type, head_.length});
      }
    }
  }
}

bool FrameDecoder::take_head(Bytes& input) {
  const std::size_t taken = std::min(kFrameHeadSize - head_size_, input.size());
  std::copy_n(input.begin(), taken, head_bytes_ + head_size_);
  input = input.subspan(taken);
  head_size_ += taken;
  if (head_size_ < kFrameHeadSize) return false;
  head_size_ = 0;

  const Bytes bytes(head_bytes_);
  head_ = {};
  head_.control = (bytes[0] & 0x80) != 0;
  if (head_.control) {
    head_.version = read_u16(bytes, 0) & 0x7fff;
    head_.type = read_u16(bytes, 2);
  } else {
    head_.stream_id = read_stream_id(bytes, 0);
  }
  head_.flags = bytes[4];
  head_.length = read_u24(bytes, 5);
  return true;
}

// Checks what the head alone shows, before any of the body has arrived.
Error FrameDecoder::check_head() const {
  if (!head_.control) {
    if (head_.stream_id != 0) return {};
    return Error(Errc::kZeroStreamId, "stream id 0 is no stream");
  }
  if (head_.version != kVersion) {
    return Error(Errc::kUnsupportedVersion, "version " + std::to_string(head_.version) +
                                                " where SPDY/3.1 has " + std::to_string(kVersion));
  }
  if (!is_known(static_cast<FrameType>(head_.type))) return {};
  const auto bad_length = [this](const std::string& expected) {
    return Error(Errc::kBadLength,
                 "length " + std::to_string(head_.length) + " where it must be " + expected);
  };
  switch (static_cast<FrameType>(head_.type)) {
    case FrameType::kRstStream:
    case FrameType::kGoAway:
    case FrameType::kWindowUpdate:
      if (head_.length != 8) return bad_length("8");
      break;
    case FrameType::kPing:
      if (head_.length != 4) return bad_length("4");
      break;
    case FrameType::kSettings:
      if (head_.length < kSettingsFixedPart ||
          (head_.length - kSettingsFixedPart) % kSettingsEntry != 0) {
        return bad_length("4 and a multiple of 8");
      }
      break;
    case FrameType::kSynStream:
      if (head_.length < kSynStreamFixedPart) return bad_length("at least 10");
      break;
    case FrameType::kSynReply:
    case FrameType::kHeaders:
      if (head_.length < kReplyFixedPart) return bad_length("at least 4");
      break;
  }
  if (head_.length > limits_.control_frame_length) {
    return Error(Errc::kFrameTooLarge, "longer than control_frame_length = " +
                                           std::to_string(limits_.control_frame_length));
  }
  return {};
}

DataChunk FrameDecoder::take_data(Bytes& input) {
  DataChunk chunk;
  chunk.stream_id = head_.stream_id;
  chunk.frame_length = head_.length;
  chunk.frame_begin = !std::exchange(data_begun_, true);
  chunk.payload = input.first(std::min(remaining_, input.size()));
  input = input.subspan(chunk.payload.size());
  remaining_ -= chunk.payload.size();
  chunk.frame_end = remaining_ == 0;
  chunk.fin = (head_.flags & kFlagFin) != 0;
  if (chunk.frame_end) state_ = State::kHead;
  return chunk;
}

Result<Decoded> FrameDecoder::take_control(Bytes& input) {
  const Bytes piece = input.first(std::min(remaining_, input.size()));
  input = input.subspan(piece.size());
  remaining_ -= piece.size();
  const bool whole = remaining_ == 0;
  if (!whole || !collected_.empty()) {
    collected_.insert(collected_.end(), piece.begin(), piece.end());
  }
  if (!whole) return Decoded(NeedMoreInput{});

  state_ = State::kHead;
  if (collected_.empty()) return parse_control(piece);
  const std::vector<std::uint8_t> body = std::exchange(collected_, {});
  return parse_control(body);
}

template <class Frame>
Result<Decoded> FrameDecoder::with_headers(Frame frame, Bytes block) {
  if (frame.stream_id == 0) return fail(Errc::kZeroStreamId, "stream id 0 is no stream");
  const Result<Bytes> inflated = inflater_.inflate(block);
  if (!inflated) {
    return fail(inflated.error().code(), "header block of stream " +
                                             std::to_string(frame.stream_id) + ": " +
                                             inflated.error().message());
  }
  inflated_size_ = inflated->size();
  Result<Headers> headers = parse_header_block(*inflated, limits_);
  if (!headers) {
    const auto type = static_cast<FrameType>(head_.type);
    return Decoded(InvalidHeaderBlock{
        type, frame.stream_id,
        Error(headers.error().code(), std::string(name_of(type)) + " of stream " +
                                          std::to_string(frame.stream_id) + ": " +
                                          headers.error().message())});
  }
  frame.headers = std::move(*headers);
  return Decoded(std::move(frame));
}

Result<Decoded> FrameDecoder::parse_control(Bytes body) {
  const bool fin = (head_.flags & kFlagFin) != 0;
  switch (static_cast<FrameType>(head_.type)) {
    case FrameType::kSynStream: {
      SynStreamFrame frame;
      frame.stream_id = read_stream_id(body, 0);
      frame.associated_to = read_stream_id(body, 4);
      frame.priority = body[8] >> 5;
      frame.slot = body[9];
      frame.fin = fin;
      frame.unidirectional = (head_.flags & kFlagUnidirectional) != 0;
      return with_headers(std::move(frame), body.subspan(kSynStreamFixedPart));
    }
    case FrameType::kSynReply:
      return with_headers(SynReplyFrame{read_stream_id(body, 0), fin, {}},
                          body.subspan(kReplyFixedPart));
    case FrameType::kHeaders:
      return with_headers(HeadersFrame{read_stream_id(body, 0), fin, {}},
                          body.subspan(kReplyFixedPart));
    case FrameType::kRstStream: {
      const RstStreamFrame frame{read_stream_id(body, 0),
                                 static_cast<RstStatus>(read_u32(body, 4))};
      if (frame.stream_id == 0) return fail(Errc::kZeroStreamId, "stream id 0 is no stream");
      if (read_u32(body, 4) == 0) return fail(Errc::kBadStatus, "status 0 is not a status");
      return Decoded(frame);
    }
    case FrameType::kSettings: {
      Result<Decoded> frame = parse_settings(body);
      if (!frame) return fail(frame.error().code(), frame.error().message());
      return frame;
    }
    case FrameType::kPing: return Decoded(PingFrame{read_u32(body, 0)});
    case FrameType::kGoAway:
      return Decoded(
          GoAwayFrame{read_stream_id(body, 0), static_cast<GoAwayStatus>(read_u32(body, 4))});
    case FrameType::kWindowUpdate:
      return Decoded(WindowUpdateFrame{read_stream_id(body, 0), read_u32(body, 4) & kMaxStreamId});
  }
  return Decoded(UnknownFrame{head_.type, head_.length});
}

Result<Decoded> FrameDecoder::parse_settings(Bytes body) const {
  const std::size_t there = (body.size() - kSettingsFixedPart) / kSettingsEntry;
  const std::uint32_t claimed = read_u32(body, 0);
  if (claimed != there) {
    return Error(Errc::kBadLength, std::to_string(claimed) + " entries claimed, " +
                                       std::to_string(there) + " are there");
  }
  if (claimed > limits_.settings_entries) {
    return Error(Errc::kTooManySettings, std::to_string(claimed) +
                                             " entries are more than settings_entries = " +
                                             std::to_string(limits_.settings_entries));
  }
  SettingsFrame frame;
  frame.clear_settings = (head_.flags & kFlagClearSettings) != 0;
  for (std::size_t i = 0; i < there; ++i) {
    const std::size_t at = kSettingsFixedPart + i * kSettingsEntry;
    frame.entries.push_back(
        {static_cast<SettingId>(read_u24(body, at + 1)), body[at], read_u32(body, at + 4)});
  }
  return Decoded(std::move(frame));
}

}  // namespace uvspdy::wire
