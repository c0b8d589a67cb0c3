#include "session/output_batch.h"

#include <utility>

namespace uvspdy::session {
namespace {

constexpr std::size_t kKeptControl = 16 * 1024;

}  // namespace

void OutputBatch::add_control(std::vector<std::uint8_t>& bytes) {
  if (bytes.empty()) return;
  control_.swap(bytes);
  bytes.clear();
  spans_.emplace_back(control_);
  bytes_ += control_.size();
}

void OutputBatch::add_frame(Buffer bytes) {
  bytes_ += bytes.size();
  spans_.push_back(bytes.bytes());
  payload_.push_back(std::move(bytes));
}

void OutputBatch::begin_data() {
  // The spans point into heads_, which therefore never moves.
  if (heads_.capacity() == 0) heads_.reserve(kMaxSpans);
  heads_.emplace_back();
  spans_.emplace_back(heads_.back());
}

void OutputBatch::add_payload(Buffer payload) {
  bytes_ += payload.size();
  payload_size_ += payload.size();
  spans_.push_back(payload.bytes());
  payload_.push_back(std::move(payload));
}

void OutputBatch::finish_data(const Head& head) {
  heads_.back() = head;
  bytes_ += head.size();
}

void OutputBatch::consume(std::size_t count) {
  while (count > 0 && !empty()) {
    Bytes& span = spans_[next_];
    if (count < span.size()) {
      span = span.subspan(count);
      return;
    }
    count -= span.size();
    ++next_;
  }
  if (empty()) clear();
}

void OutputBatch::clear() {
  // A burst of control frames does not keep its memory for the connection's life.
  if (control_.capacity() > kKeptControl) control_ = std::vector<std::uint8_t>();
  control_.clear();
  heads_.clear();
  for (Buffer& payload : payload_) freed_.push_back(std::move(payload));
  payload_.clear();
  spans_.clear();
  next_ = 0;
  bytes_ = 0;
  payload_size_ = 0;
  // What owns the payload may call anything, this function too: the batch is empty by now, and each
  // is taken out before it goes.
  while (!freed_.empty()) {
    const Buffer last = std::move(freed_.back());
    freed_.pop_back();
  }
}

}  // namespace uvspdy::session
