#pragma once

#include <uv.h>

#include <memory>
#include <utility>

namespace uvspdy::net {

/// A libuv handle with an owner, for those who have no state of their own to put one into. Closing
/// it takes a turn of the loop; the memory lives until then, whatever has become of the owner.
/// After the owner is gone none of the handle's callbacks runs, because uv_close sees to it.
///
/// `make` leaves the handle zeroed: the owner calls the uv_*_init function at once and must not
/// let go of a Handle whose init failed without `forget`.
template <class T>
class Handle {
 public:
  Handle() = default;
  static Handle make() {
    Handle handle;
    handle.handle_.reset(std::make_unique<T>().release());
    return handle;
  }

  T* get() const { return handle_.get(); }
  T* operator->() const { return handle_.get(); }
  explicit operator bool() const { return handle_ != nullptr; }

  /// The same handle as libuv's base type sees it.
  uv_handle_t* base() const { return base_of(handle_.get()); }

  /// Closes the handle now.
  void reset() { handle_.reset(); }

  /// Frees a handle that libuv never took.
  void forget() { std::unique_ptr<T>(handle_.release()); }

 private:
  static uv_handle_t* base_of(T* handle) {
    return static_cast<uv_handle_t*>(static_cast<void*>(handle));
  }
  struct Close {
    void operator()(T* handle) const {
      uv_close(base_of(handle), [](uv_handle_t* closed) {
        std::unique_ptr<T>(static_cast<T*>(static_cast<void*>(closed)));
      });
    }
  };
  std::unique_ptr<T, Close> handle_;
};

}  // namespace uvspdy::net
