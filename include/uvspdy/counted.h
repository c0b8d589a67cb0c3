#pragma once

#include <utility>

namespace uvspdy::detail {

/// A reference to an object that counts its own references: half the size of a std::shared_ptr, and
/// the object needs no second allocation. The object has `hold` and `release`, and begins with one
/// reference.
template <class T>
class Counted {
 public:
  Counted() = default;
  /// Takes over one reference to `object`, without calling `hold`.
  explicit Counted(T* object) : object_(object) {}
  Counted(const Counted& other) : object_(other.object_) {
    if (object_ != nullptr) object_->hold();  // NOLINT(clang-analyzer-*): it counts no holders
  }
  Counted(Counted&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  // The old object is released last, because its destructor may call anything.
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
