#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace uvspdy {

/// A queue in one piece of memory that is reused: in the steady state of a transfer it allocates
/// nothing, whereas std::deque allocates a node every few elements.
///
/// Destructors of elements may use the ring: elements are first taken out, and destroyed when the
/// ring is consistent.
template <class T>
class Ring {
 public:
  Ring() = default;
  Ring(Ring&& other) noexcept { swap(other); }
  Ring& operator=(Ring&& other) noexcept {
    Ring old(std::move(other));
    swap(old);
    return *this;
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() = default;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  T& front() { return slots_[first_]; }
  const T& front() const { return slots_[first_]; }
  T& back() { return slots_[place(size_ - 1)]; }

  void push_back(T value) {
    if (size_ == capacity_) grow();
    slots_[place(size_)] = std::move(value);
    ++size_;
  }

  /// Takes the first element out.
  T take_front() {
    T taken = std::move(slots_[first_]);
    slots_[first_] = T();  // the rest of a moved-from element may hold resources
    first_ = place(1);
    --size_;
    return taken;
  }

  void pop_front() { [[maybe_unused]] const T dropped = take_front(); }

  /// Removes all elements and frees the memory.
  void clear() { [[maybe_unused]] const Ring dropped = std::move(*this); }

 private:
  void swap(Ring& other) noexcept {
    std::swap(slots_, other.slots_);
    std::swap(capacity_, other.capacity_);
    std::swap(first_, other.first_);
    std::swap(size_, other.size_);
  }

  std::uint32_t place(std::uint32_t offset) const { return (first_ + offset) & (capacity_ - 1); }

  void grow() {
    const std::uint32_t larger_capacity = capacity_ == 0 ? 1 : 2 * capacity_;
    auto larger = std::make_unique<T[]>(larger_capacity);
    for (std::uint32_t i = 0; i < size_; ++i) larger[i] = std::move(slots_[place(i)]);
    slots_ = std::move(larger);
    capacity_ = larger_capacity;
    first_ = 0;
  }

  std::unique_ptr<T[]> slots_;
  std::uint32_t capacity_ = 0;  // a power of two
  std::uint32_t first_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace uvspdy
