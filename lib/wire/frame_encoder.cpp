#include "uvspdy/wire/frame_encoder.h"

#include <algorithm>
#include <string>

#include "uvspdy/wire/header_block.h"
#include "wire/byte_order.h"
#include "wire/frame_layout.h"

namespace uvspdy::wire {
namespace {

void append_control_head(FrameType type, std::uint8_t flags, std::size_t length,
                         std::vector<std::uint8_t>& out) {
  append_u16(0x8000 | kVersion, out);
  append_u16(static_cast<std::uint16_t>(type), out);
  out.push_back(flags);
  append_u24(static_cast<std::uint32_t>(length), out);
}

std::uint8_t fin_flag(bool fin) { return fin ? kFlagFin : 0; }

}  // namespace

FrameEncoder::FrameEncoder(HeaderCompression compression, const Limits& limits)
    : limits_(limits), deflater_(compression) {}

Error FrameEncoder::check(FrameType type, const Headers& headers) {
  const std::size_t fixed_part =
      type == FrameType::kSynStream ? kSynStreamFixedPart : kReplyFixedPart;
  const Result<std::size_t> room = room_for_block(type, fixed_part);
  if (!room) return room.error();
  const Result<std::vector<std::uint8_t>> block = format_header_block(headers, limits_);
  if (!block) return block.error();
  return deflater_.check(block->size(), *room);
}

Result<std::size_t> FrameEncoder::room_for_block(FrameType type, std::size_t fixed_part) const {
  if (limits_.control_frame_length < fixed_part) {
    return Error(Errc::kFrameTooLarge,
                 "control_frame_length = " + std::to_string(limits_.control_frame_length) +
                     " has no room for a " + std::string(name_of(type)));
  }
  return std::min(limits_.control_frame_length, kMaxFrameLength) - fixed_part;
}

Error FrameEncoder::encode_with_headers(FrameType type, std::uint8_t flags, Bytes fixed_part,
                                        const Headers& headers, std::vector<std::uint8_t>& out) {
  if (read_u32(fixed_part, 0) == 0) {
    return Error(Errc::kZeroStreamId, std::string(name_of(type)) + " needs a stream id");
  }
  const Result<std::size_t> room = room_for_block(type, fixed_part.size());
  if (!room) return room.error();
  Result<std::vector<std::uint8_t>> block = format_header_block(headers, limits_);
  if (!block) return block.error();
  const std::size_t start = out.size();
  append_control_head(type, flags, 0, out);
  out.insert(out.end(), fixed_part.begin(), fixed_part.end());
  if (Error error = deflater_.deflate(*block, *room, out)) {
    out.resize(start);
    return error;
  }
  const std::size_t length = out.size() - start - kFrameHeadSize;
  write_big_endian(static_cast<std::uint32_t>(length), 3, out.data() + start + 5);
  return {};
}

Error FrameEncoder::encode(const SynStreamFrame& frame, std::vector<std::uint8_t>& out) {
  std::array<std::uint8_t, kSynStreamFixedPart> fixed{};
  write_big_endian(frame.stream_id & kMaxStreamId, 4, fixed.data());
  write_big_endian(frame.associated_to & kMaxStreamId, 4, fixed.data() + 4);
  fixed[8] = static_cast<std::uint8_t>(frame.priority << 5);
  fixed[9] = frame.slot;
  const auto flags = static_cast<std::uint8_t>(fin_flag(frame.fin) |
                                               (frame.unidirectional ? kFlagUnidirectional : 0));
  return encode_with_headers(FrameType::kSynStream, flags, fixed, frame.headers, out);
}

Error FrameEncoder::encode(const SynReplyFrame& frame, std::vector<std::uint8_t>& out) {
  std::array<std::uint8_t, kReplyFixedPart> fixed{};
  write_big_endian(frame.stream_id & kMaxStreamId, 4, fixed.data());
  return encode_with_headers(FrameType::kSynReply, fin_flag(frame.fin), fixed, frame.headers, out);
}

Error FrameEncoder::encode(const HeadersFrame& frame, std::vector<std::uint8_t>& out) {
  std::array<std::uint8_t, kReplyFixedPart> fixed{};
  write_big_endian(frame.stream_id & kMaxStreamId, 4, fixed.data());
  return encode_with_headers(FrameType::kHeaders, fin_flag(frame.fin), fixed, frame.headers, out);
}

void FrameEncoder::encode(const RstStreamFrame& frame, std::vector<std::uint8_t>& out) {
  append_control_head(FrameType::kRstStream, 0, 8, out);
  append_u32(frame.stream_id & kMaxStreamId, out);
  append_u32(static_cast<std::uint32_t>(frame.status), out);
}

void FrameEncoder::encode(const SettingsFrame& frame, std::vector<std::uint8_t>& out) {
  const std::uint8_t flags = frame.clear_settings ? kFlagClearSettings : 0;
  append_control_head(FrameType::kSettings, flags, 4 + 8 * frame.entries.size(), out);
  append_u32(static_cast<std::uint32_t>(frame.entries.size()), out);
  for (const SettingsFrame::Entry& entry : frame.entries) {
    out.push_back(entry.flags);
    append_u24(static_cast<std::uint32_t>(entry.id), out);
    append_u32(entry.value, out);
  }
}

void FrameEncoder::encode(const PingFrame& frame, std::vector<std::uint8_t>& out) {
  append_control_head(FrameType::kPing, 0, 4, out);
  append_u32(frame.id, out);
}

void FrameEncoder::encode(const GoAwayFrame& frame, std::vector<std::uint8_t>& out) {
  append_control_head(FrameType::kGoAway, 0, 8, out);
  append_u32(frame.last_good_stream_id & kMaxStreamId, out);
  append_u32(static_cast<std::uint32_t>(frame.status), out);
}

void FrameEncoder::encode(const WindowUpdateFrame& frame, std::vector<std::uint8_t>& out) {
  append_control_head(FrameType::kWindowUpdate, 0, 8, out);
  append_u32(frame.stream_id & kMaxStreamId, out);
  append_u32(frame.delta & kMaxStreamId, out);
}

std::array<std::uint8_t, kFrameHeadSize> FrameEncoder::data_head(StreamId stream_id, bool fin,
                                                                 std::size_t length) {
  std::array<std::uint8_t, kFrameHeadSize> head{};
  write_big_endian(stream_id & kMaxStreamId, 4, head.data());
  head[4] = fin_flag(fin);
  write_big_endian(static_cast<std::uint32_t>(length), 3, head.data() + 5);
  return head;
}

}  // namespace uvspdy::wire
