#include "recorded_stream.h"

#include <string>
#include <utility>

#include "uvspdy/limits.h"

namespace uvspdy::command {
namespace {

// Limits larger than the library's: the recorded peers may have others.
Limits generous_limits() {
  constexpr std::size_t kMebibyte = 1024 * 1024;
  Limits limits;
  limits.control_frame_length = kMebibyte;
  limits.inflated_header_block = kMebibyte;
  limits.headers_per_block = 64 * 1024;
  limits.settings_entries = 64 * 1024;
  return limits;
}

}  // namespace

RecordedStream::RecordedStream(const Options& options)
    : direction_(options.direction),
      keep_payload_(options.keep_payload),
      start_(options.certain),
      decoder_(generous_limits()) {}

bool RecordedStream::inside_frame() const {
  if (start_.state() == SpdyStart::State::kLooking) return !start_.held().empty();
  return !abandoned_ && decoder_.inside_frame();
}

Error RecordedStream::take(Bytes input, const FrameHandler& on_frame) {
  if (abandoned_) return {};
  if (start_.state() == SpdyStart::State::kLooking) {
    const std::size_t before = input.size();
    const std::size_t held_before = start_.held().size();
    const SpdyStart::State state = start_.take(input);
    const std::size_t held = start_.held().size();
    // held() is the beginning of a frame, which is counted when it goes to the decoder.
    size_ += before - input.size() - (held - held_before);
    frame_offset_ = size_;
    if (state != SpdyStart::State::kSpdy) return {};
    if (start_.is_answer()) direction_ = Direction::kServerToClient;
    if (Error error = decode(start_.held(), on_frame)) return error;
  }
  if (start_.state() != SpdyStart::State::kSpdy) return {};
  return decode(input, on_frame);
}

Error RecordedStream::decode(Bytes input, const FrameHandler& on_frame) {
  while (!input.empty()) {
    if (!decoder_.inside_frame()) frame_offset_ = size_;
    const std::size_t before = input.size();
    Result<wire::Decoded> decoded = decoder_.next(input);
    size_ += before - input.size();
    if (!decoded) {
      abandoned_ = true;
      return Error(decoded.error().code(),
                   "byte " + std::to_string(frame_offset_) + ": " + decoded.error().message());
    }
    if (std::holds_alternative<wire::NeedMoreInput>(*decoded)) continue;
    if (const auto* chunk = std::get_if<wire::DataChunk>(&*decoded)) {
      if (keep_payload_) {
        payload_.insert(payload_.end(), chunk->payload.begin(), chunk->payload.end());
      }
      if (!chunk->frame_end) continue;
    }
    RecordedFrame frame;
    frame.direction = direction_;
    frame.offset = frame_offset_;
    frame.flags = decoder_.frame_flags();
    frame.length = decoder_.frame_length();
    frame.content = std::move(*decoded);
    frame.payload = std::exchange(payload_, {});
    on_frame(std::move(frame));
  }
  return {};
}

}  // namespace uvspdy::command
