#include "transfer.h"

#include <algorithm>

#include "pattern.h"

namespace uvspdy::interop {

void PatternSender::start(httpstream::StreamWriter writer, std::uint32_t index,
                          std::uint64_t bytes) {
  const auto sender = std::make_shared<PatternSender>(std::move(writer), index, bytes);
  // The handler, which the stream frees when all is sent, holds the sender.
  sender->writer_.on_writable([sender] { sender->send(); });
}

void PatternSender::send() {
  while (sent_ < bytes_) {
    if (!writer_.writable()) return;
    BufferPool::Block block = pool_.take();
    const auto size = std::min<std::uint64_t>(block.bytes().size(), bytes_ - sent_);
    fill_pattern(block.bytes().first(size), index_, sent_);
    sent_ += size;
    if (writer_.write(std::move(block).freeze(size))) return;  // it is over: on_close says why
  }
  writer_.end();
}

std::string PatternCheck::receive(Bytes bytes) {
  if (bytes.size() > bytes_ - received_) return "more came than " + std::to_string(bytes_);
  if (expected_.size() < bytes.size()) expected_.resize(bytes.size());
  const MutableBytes expected = MutableBytes(expected_).first(bytes.size());
  fill_pattern(expected, index_, received_);
  if (!std::equal(bytes.begin(), bytes.end(), expected.begin())) {
    const auto wrong = std::mismatch(bytes.begin(), bytes.end(), expected.begin());
    const auto at = received_ + static_cast<std::uint64_t>(wrong.first - bytes.begin());
    return "byte " + std::to_string(at) + " is " + std::to_string(*wrong.first) + ", not " +
           std::to_string(*wrong.second);
  }
  received_ += bytes.size();
  return {};
}

std::string PatternCheck::progress() const {
  return std::to_string(received_) + " of " + std::to_string(bytes_) + " bytes";
}

}  // namespace uvspdy::interop
