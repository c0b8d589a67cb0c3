#include "session/output_batch.h"

#include <utility>

namespace uvspdy::session {
namespace {

constexpr std::size_t kKeptControl = 16 * 1024;

}  // namespace

void OutputBatch::add_control(std::vector<std::uint8_t>& bytes, bool quiet) {
  if (bytes.empty()) return;
  quiet_ = quiet;
  control_.swap(bytes);
  bytes.clear();
  spans_.emplace_back(control_);
  bytes_ += control_.size();
}

void OutputBatch::add_frame(Buffer bytes) {
  quiet_ = false;
  bytes_ += bytes.size();
  spans_.push_back(bytes.bytes());
  payload_.push_back(std::move(bytes));
}

void OutputBatch::begin_data() {
  quiet_ = false;
  // The spans point into heads_, which therefore never moves.
  if (heads_.capacity() == 0) heads_.reserve(kMaxSpans);
  heads_.emplace_back();
  spans_.emplace_back(heads_.back());
}

// A user's buffer must not be destroyed on the way of an exception, so it is moved when there is
// room.
void OutputBatch::add_payload(Buffer& from, std::size_t count) {
  spans_.push_back(from.bytes().first(count));
  payload_.emplace_back();
  payload_.back() = from.take_prefix(count);
  bytes_ += count;
  payload_size_ += count;
}

void OutputBatch::finish_data(const Head& head) {
  heads_.back() = head;
  bytes_ += head.size();
}

void OutputBatch::consume(std::size_t count, Dropped& dropped) {
  while (count > 0 && !empty()) {
    Bytes& span = spans_[next_];
    if (count < span.size()) {
      span = span.subspan(count);
      return;
    }
    count -= span.size();
    ++next_;
  }
  if (empty()) clear(dropped);
}

void OutputBatch::clear(Dropped& dropped) {
  // Frees the memory of a burst of control frames, which would stay with the connection.
  if (control_.capacity() > kKeptControl) control_ = std::vector<std::uint8_t>();
  control_.clear();
  heads_.clear();
  dropped.add(payload_);
  spans_.clear();
  next_ = 0;
  bytes_ = 0;
  payload_size_ = 0;
  quiet_ = false;
}

}  // namespace uvspdy::session
