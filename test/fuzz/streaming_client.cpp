#include "streaming_client.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>
#include <variant>

#include "support/strict_decoder.h"
#include "uvspdy/httpstream/http_head.h"
#include "violation.h"

namespace uvspdy::fuzz {

StreamingClient::StreamingClient(std::shared_ptr<test::PipeDirection> up,
                                 std::shared_ptr<test::PipeDirection> down)
    : up_(std::move(up)), down_(std::move(down)) {
  up_->capacity = test::PipeDirection::kNever;
}

// ---- sending

void StreamingClient::put(Bytes bytes) {
  if (!up_->ended) (void)up_->put(bytes);
}

void StreamingClient::open(const Headers& headers, FuzzInput& input) {
  std::vector<std::uint8_t> out;
  const wire::StreamId id = peer_.append_syn_stream(headers, input, out);
  put(out);
  // Which of two streams with one id the server takes is its own business.
  if (!streams_.emplace(id, Stream{.headers = headers}).second) knows_streams_ = false;
}

void StreamingClient::send(wire::StreamId id, Bytes payload, bool fin) {
  const auto head = wire::FrameEncoder::data_head(id, fin, payload.size());
  put(head);
  put(payload);
  streams_[id].sent += text_of(payload);
}

void StreamingClient::send_frame(HostilePeer::Frame frame, wire::StreamId id, FuzzInput& input) {
  std::vector<std::uint8_t> out;
  peer_.append(frame, id, input, out);
  // A bad block may be a SYN_STREAM that the server takes for a good one.
  if (frame == HostilePeer::Frame::kBadHeaderBlock) knows_streams_ = false;
  put(out);
}

void StreamingClient::send_raw(Bytes bytes) {
  if (!bytes.empty()) knows_streams_ = false;
  put(bytes);
}

void StreamingClient::end() {
  up_->ended = true;
  if (up_->reader != nullptr) up_->reader->schedule();
}

wire::StreamId StreamingClient::choose(FuzzInput& input) const {
  const std::uint8_t choice = input.u8();
  if (streams_.empty() || choice >= 0xf0) return choice;
  return std::next(streams_.begin(), static_cast<std::ptrdiff_t>(choice % streams_.size()))->first;
}

bool StreamingClient::has_sent(const std::string& bytes) const {
  return !knows_streams_ || bytes.empty() ||
         std::any_of(streams_.begin(), streams_.end(),
                     [&](const auto& each) { return each.second.sent.starts_with(bytes); });
}

// ---- receiving

void StreamingClient::set_capacity(std::size_t capacity) {
  down_->capacity = capacity;
  if (down_->writer != nullptr) down_->writer->schedule();
}

void StreamingClient::take(std::size_t most) {
  const std::string taken = down_->data.substr(0, most);
  down_->data.erase(0, taken.size());
  if (!taken.empty() && down_->writer != nullptr) down_->writer->schedule();
  Bytes input = bytes_of(taken);
  if (status_ == 0) take_answer(input);
  if (status_ != 101) return;
  while (!input.empty()) {
    const Result<wire::Decoded> decoded = decoder_.next(input);
    if (!decoded) violation("the server sends no SPDY: " + decoded.error().message());
    if (traces_) std::fprintf(stderr, "%s\n", std::visit(test::ExactFrameText{}, *decoded).c_str());
    std::visit([this](const auto& frame) { see(frame); }, *decoded);
  }
}

void StreamingClient::take_answer(Bytes& input) {
  answer_ += text_of(input);
  input = {};
  const std::size_t end = answer_.find("\r\n\r\n");
  if (end == answer_.npos) return;
  const auto head = httpstream::parse_response_head(answer_.substr(0, end + 4));
  if (!head) violation("the server's answer is malformed: " + head.error().message());
  require(head->status == 101 || head->status >= 400,
          "an answer that is no upgrade and no refusal");
  status_ = head->status;
  answer_.erase(0, end + 4);
  input = bytes_of(answer_);
}

void StreamingClient::see(const wire::DataChunk& chunk) {
  Stream& stream = streams_[chunk.stream_id];
  require(stream.replied || !knows_streams_, "DATA on a stream without SYN_REPLY");
  require(!stream.ended && !stream.reset, "DATA after the end of a stream");
  stream.received += text_of(chunk.payload);
  if (chunk.fin && chunk.frame_end) stream.ended = true;
}

void StreamingClient::see(const wire::SynReplyFrame& frame) {
  Stream& stream = streams_[frame.stream_id];
  require(!stream.replied, "a second SYN_REPLY");
  stream.replied = true;
  if (frame.fin) stream.ended = true;
}

// Before a SYN_REPLY it may be the answer to DATA that came before the SYN_STREAM.
void StreamingClient::see(const wire::RstStreamFrame& frame) {
  Stream& stream = streams_[frame.stream_id];
  if (stream.replied) stream.reset = true;
}

void StreamingClient::see(const wire::SynStreamFrame&) { violation("the server opens a stream"); }

void StreamingClient::see(const wire::InvalidHeaderBlock& block) {
  violation("the server sends bad headers: " + block.error.message());
}

void StreamingClient::see(const wire::UnknownFrame&) {
  violation("the server sends an unknown frame");
}

}  // namespace uvspdy::fuzz
