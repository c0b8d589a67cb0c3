#pragma once

#include <utility>

namespace uvspdy::detail {

/// One holder of an object that counts its holders itself: half the size of a std::shared_ptr, and
/// the object is one piece of memory. The object has `hold` and `release`, and is made with one
/// holder.
template <class T>
class Counted {
 public:
  Counted() = default;
  /// Takes the place of a holder of `object`.
  explicit Counted(T* object) : object_(object) {}
  Counted(const Counted& other) : object_(other.object_) {
    if (object_ != nullptr) object_->hold();
  }
  Counted(Counted&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  // The old object is released last: what is destroyed with it may call anything.
  Counted& operator=(Counted other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Counted() {
    if (T* object = std::exchange(object_, nullptr)) object->release();
  }

  explicit operator bool() const { return object_ != nullptr; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }

 private:
  T* object_ = nullptr;
};

}  // namespace uvspdy::detail
