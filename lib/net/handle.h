#pragma once

#include <uv.h>

#include <memory>
#include <utility>

namespace uvspdy::net {

/// An owner of a libuv handle, for classes without a state struct to put the handle into. Closing
/// the handle takes a turn of the loop; its memory lives until then, even without the owner. Once
/// the owner is gone, uv_close ensures that none of the handle's callbacks runs.
///
/// `make` zeroes the handle. The owner calls the uv_*_init function at once; if that fails, it must
/// call `forget` before it destroys the Handle.
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

  /// The handle as libuv's base type.
  uv_handle_t* base() const { return base_of(handle_.get()); }

  /// Closes the handle now.
  void reset() { handle_.reset(); }

  /// Frees a handle whose init function has failed.
  void forget() { std::unique_ptr<T>(handle_.release()); }

 private:
  static uv_handle_t* base_of(T* handle) {
    return static_cast<uv_handle_t*>(static_cast<void*>(handle));
  }
  struct Close {
    void operator()(T* handle) const {
      uv_close(base_of(handle), [](uv_handle_t* closed) noexcept {
        std::unique_ptr<T>(static_cast<T*>(static_cast<void*>(closed)));
      });
    }
  };
  std::unique_ptr<T, Close> handle_;
};

}  // namespace uvspdy::net
