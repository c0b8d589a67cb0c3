#include "tcp_reassembly.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace uvspdy::command {
namespace {

// More than can be in flight on a real connection.
constexpr std::size_t kHeldLimit = 16 * 1024 * 1024;

// The memory of a piece beside its bytes, which may be few.
constexpr std::size_t kPieceCost = 128;

// TCP's largest window: bytes farther away belong to another connection.
constexpr std::int64_t kFarthest = std::int64_t{1} << 30;

}  // namespace

void TcpReassembly::start(std::uint32_t sequence) {
  reset();
  started_ = true;
  first_sequence_ = sequence;
}

// Negative for bytes before the first, if the connection began before the capture.
std::optional<std::int64_t> TcpReassembly::offset_of(std::uint32_t sequence) const {
  const auto next_sequence = static_cast<std::uint32_t>(first_sequence_ + next_);
  // Computed modulo 2^32, so that it is right when sequence numbers wrap.
  const auto distance = static_cast<std::int32_t>(sequence - next_sequence);
  if (distance > kFarthest) return std::nullopt;
  return static_cast<std::int64_t>(next_) + distance;
}

bool TcpReassembly::add(std::uint32_t sequence, Bytes payload, const Deliver& deliver) {
  const std::optional<std::int64_t> offset = offset_of(sequence);
  if (!offset) return true;
  const std::int64_t known = static_cast<std::int64_t>(next_) - *offset;
  if (known < 0) return hold(static_cast<std::uint64_t>(*offset), payload);
  if (static_cast<std::size_t>(known) >= payload.size()) return true;
  const Bytes fresh = payload.subspan(static_cast<std::size_t>(known));
  next_ += fresh.size();
  deliver(fresh);
  deliver_held(deliver);
  return true;
}

bool TcpReassembly::hold(std::uint64_t offset, Bytes payload) {
  auto next = held_.upper_bound(offset);
  if (next != held_.begin()) {
    const auto& [begin, bytes] = *std::prev(next);
    const std::uint64_t known = begin + bytes.size() > offset ? begin + bytes.size() - offset : 0;
    if (known >= payload.size()) return true;
    payload = payload.subspan(static_cast<std::size_t>(known));
    offset += known;
  }
  while (!payload.empty()) {
    std::size_t size = payload.size();
    if (next != held_.end()) {
      size = static_cast<std::size_t>(std::min<std::uint64_t>(size, next->first - offset));
    }
    if (size > 0) {
      const std::size_t cost = size + kPieceCost;
      if (held_size_ + cost > kHeldLimit || shared_->held + cost > shared_->limit) return false;
      held_size_ += cost;
      shared_->held += cost;
      const Bytes piece = payload.first(size);
      held_.emplace_hint(next, offset, std::vector<std::uint8_t>(piece.begin(), piece.end()));
    }
    if (next != held_.end()) size = std::min(size + next->second.size(), payload.size());
    payload = payload.subspan(size);
    offset += size;
    if (next != held_.end()) ++next;
  }
  return true;
}

void TcpReassembly::deliver_held(const Deliver& deliver) {
  while (!held_.empty() && held_.begin()->first <= next_) {
    const auto [offset, bytes] = std::move(*held_.begin());
    held_.erase(held_.begin());
    let_go(bytes.size() + kPieceCost);
    const std::uint64_t known = next_ - offset;
    if (known >= bytes.size()) continue;
    const Bytes fresh = Bytes(bytes).subspan(static_cast<std::size_t>(known));
    next_ += fresh.size();
    deliver(fresh);
  }
}

void TcpReassembly::end_at(std::uint32_t sequence) {
  const std::optional<std::int64_t> offset = offset_of(sequence);
  if (offset && *offset >= 0) end_ = static_cast<std::uint64_t>(*offset);
}

std::optional<TcpReassembly::Gap> TcpReassembly::gap() const {
  if (!held_.empty()) return Gap{next_, held_.begin()->first};
  if (end_ && next_ < *end_) return Gap{next_, *end_};
  return std::nullopt;
}

void TcpReassembly::let_go(std::size_t size) {
  held_size_ -= size;
  shared_->held -= size;
}

void TcpReassembly::reset() {
  let_go(held_size_);
  held_.clear();
  started_ = false;
  next_ = 0;
  end_.reset();
}

}  // namespace uvspdy::command
