#include "hostile_peer.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "wire/byte_order.h"

namespace uvspdy::fuzz {
namespace {

using wire::FrameEncoder;

// Stored blocks with a compression state of their own would not do: the state is one for all
// frames. So the peer's blocks are all stored, and a bad one can stand among good ones.
constexpr wire::HeaderCompression kStored{.stored = true};

void append_stored(Bytes block, std::vector<std::uint8_t>& out) {
  const auto size = static_cast<std::uint16_t>(block.size());
  const auto inverse = static_cast<std::uint16_t>(~size);
  const auto low = [](std::uint16_t value) { return static_cast<std::uint8_t>(value & 0xff); };
  const auto high = [](std::uint16_t value) { return static_cast<std::uint8_t>(value >> 8); };
  out.insert(out.end(), {0, low(size), high(size), low(inverse), high(inverse)});
  out.insert(out.end(), block.begin(), block.end());
  out.insert(out.end(), {0, 0, 0, 0xff, 0xff});  // the SYNC_FLUSH
}

}  // namespace

Headers headers_from(FuzzInput& input) {
  static const std::array<Headers, 7> kHeaders = {{
      {},
      {{"streamtype", "stdout"}},
      {{"streamtype", "error"}, {"port", "80"}, {"requestid", "0"}},
      {{"accept", "one"}, {"accept", "two"}, {"cookie", ""}},
      {{"large", std::string(3000, 'x')}},
      {{"host", "must not be sent"}},
      {{"Bad Name", "must not be sent"}},
  }};
  return kHeaders[input.below(kHeaders.size())];
}

HostilePeer::HostilePeer(session::Role its_role)
    : encoder_(kStored),
      next_id_(its_role == session::Role::kClient ? 1 : 2),
      next_ping_(its_role == session::Role::kClient ? 1 : 2) {}

void HostilePeer::append(Frame frame, wire::StreamId stream, FuzzInput& input,
                         std::vector<std::uint8_t>& out) {
  switch (frame) {
    case Frame::kSynStream: {
      const std::uint8_t flags = input.u8();
      const wire::StreamId id = new_id(input);
      return append_syn_stream(flags, id, stream, headers_from(input), out);
    }
    case Frame::kSynReply:
      return append_with_headers(wire::SynReplyFrame{stream, input.flag(), headers_from(input)},
                                 out);
    case Frame::kHeaders:
      return append_with_headers(wire::HeadersFrame{stream, input.flag(), headers_from(input)},
                                 out);
    case Frame::kData: return append_data(stream, input, out);
    case Frame::kRstStream:
      return FrameEncoder::encode(
          wire::RstStreamFrame{stream, static_cast<wire::RstStatus>(input.below(13))}, out);
    case Frame::kSettings: return append_settings(input, out);
    case Frame::kPing: {
      const std::uint8_t choice = input.u8();
      // Its own next one, or an answer to the first few of ours.
      const std::uint32_t answer = (next_ping_ ^ 3) % 4 + (choice & 0x3eu);
      FrameEncoder::encode(wire::PingFrame{(choice & 1) != 0 ? next_ping_ : answer}, out);
      if ((choice & 1) != 0) next_ping_ += 2;
      return;
    }
    case Frame::kGoAway:
      return FrameEncoder::encode(
          wire::GoAwayFrame{(input.flag()) ? stream : input.u8(),
                            static_cast<wire::GoAwayStatus>(input.below(4))},
          out);
    case Frame::kWindowUpdate: {
      const std::uint8_t choice = input.u8();
      const std::uint32_t delta = (choice & 2) != 0 ? input.u32() : input.u16();
      return FrameEncoder::encode(wire::WindowUpdateFrame{(choice & 1) != 0 ? 0 : stream, delta},
                                  out);
    }
    case Frame::kBadHeaderBlock: return append_bad_block(stream, input, out);
  }
}

wire::StreamId HostilePeer::append_syn_stream(const Headers& headers, FuzzInput& input,
                                              std::vector<std::uint8_t>& out) {
  const std::uint8_t flags = input.u8();
  const wire::StreamId id = new_id(input);
  append_syn_stream(flags, id, 0, headers, out);
  return id;
}

void HostilePeer::append_syn_stream(std::uint8_t flags, wire::StreamId id,
                                    wire::StreamId associated, Headers headers,
                                    std::vector<std::uint8_t>& out) {
  wire::SynStreamFrame syn;
  syn.stream_id = id;
  syn.associated_to = (flags & 4) != 0 ? associated : 0;
  syn.priority = flags >> 5;
  syn.fin = (flags & 1) != 0;
  syn.unidirectional = (flags & 2) != 0;
  syn.headers = std::move(headers);
  append_with_headers(syn, out);
}

// Mostly the next one that is due.
wire::StreamId HostilePeer::new_id(FuzzInput& input) {
  const std::uint8_t choice = input.u8();
  if (choice >= 0xf8) return input.u32() & wire::kMaxStreamId;
  if (choice >= 0xf0) return next_id_ - 2;
  const wire::StreamId id = next_id_ + 2 * (choice >> 6);
  next_id_ = id + 2;
  return id;
}

// Headers that the encoder does not take give no frame.
template <class F>
void HostilePeer::append_with_headers(const F& frame, std::vector<std::uint8_t>& out) {
  (void)encoder_.encode(frame, out);
}

void HostilePeer::append_data(wire::StreamId stream, FuzzInput& input,
                              std::vector<std::uint8_t>& out) {
  constexpr std::size_t kLargest = 0x3fff;
  const std::uint16_t choice = input.u16();
  const std::size_t size = choice & kLargest;
  const auto head = FrameEncoder::data_head(stream, (choice & 0x8000) != 0, size);
  out.insert(out.end(), head.begin(), head.end());
  for (std::size_t i = 0; i < size; ++i) {
    out.push_back(static_cast<std::uint8_t>(stream + i * 13 + i / 253));
  }
}

void HostilePeer::append_settings(FuzzInput& input, std::vector<std::uint8_t>& out) {
  wire::SettingsFrame frame;
  const std::uint8_t choice = input.u8();
  frame.clear_settings = (choice & 1) != 0;
  for (std::size_t count = (choice >> 1) & 7; count > 0; --count) {
    const std::uint8_t entry = input.u8();
    const std::uint32_t value = (entry & 0x10) != 0 ? input.u32() : input.u16();
    frame.entries.push_back(
        {static_cast<wire::SettingId>(entry & 0xf), static_cast<std::uint8_t>(entry >> 5), value});
  }
  FrameEncoder::encode(frame, out);
}

void HostilePeer::append_bad_block(wire::StreamId stream, FuzzInput& input,
                                   std::vector<std::uint8_t>& out) {
  // The first block of a direction has zlib's header, which only the encoder writes.
  append_with_headers(wire::HeadersFrame{stream, false, {}}, out);
  const std::uint8_t choice = input.u8();
  const std::size_t start = out.size();
  out.insert(out.end(), {0x80, 3, 0, 0, static_cast<std::uint8_t>(choice & 3), 0, 0, 0});
  if ((choice & 4) != 0) {
    out[start + 3] = 1;
    wire::append_u32(new_id(input), out);
    out.insert(out.end(), {0, 0, 0, 0, 0, 0});
  } else {
    out[start + 3] = (choice & 8) != 0 ? 2 : 8;
    wire::append_u32(stream, out);
  }
  append_stored(input.bytes(input.u8()), out);
  const std::size_t length = out.size() - start - wire::kFrameHeadSize;
  wire::write_big_endian(static_cast<std::uint32_t>(length), 3, out.data() + start + 5);
}

}  // namespace uvspdy::fuzz
