#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace uvspdy {

/// A queue in one piece of memory that is used again and again: in the steady state of a transfer
/// it allocates nothing, where std::deque allocates a node every few elements.
template <class T>
class Ring {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  T& front() { return slots_[first_]; }

  void push_back(T value) {
    if (size_ == slots_.size()) grow();
    slots_[(first_ + size_) & (slots_.size() - 1)] = std::move(value);
    ++size_;
  }

  void pop_front() {
    slots_[first_] = T();
    first_ = (first_ + 1) & (slots_.size() - 1);
    --size_;
  }

  /// Removes everything, the memory included.
  void clear() { *this = Ring(); }

 private:
  void grow() {
    std::vector<T> larger(slots_.empty() ? 4 : 2 * slots_.size());
    for (std::size_t i = 0; i < size_; ++i) {
      larger[i] = std::move(slots_[(first_ + i) & (slots_.size() - 1)]);
    }
    slots_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> slots_;  // its size is a power of two
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace uvspdy
