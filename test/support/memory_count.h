#pragma once

#include <cstddef>

namespace uvspdy::test {

/// What has been taken through operator new since this object was made. Only for programs of one
/// thread that link memory_count.cpp and replaced_new.cpp.
///
/// Ask for the numbers before a CHECK: the macros take memory too.
class MemoryCount {
 public:
  MemoryCount();

  /// Calls of operator new.
  std::size_t allocations() const;
  /// Bytes taken and not given back.
  std::size_t held() const;
  /// The most bytes that were held at one time.
  std::size_t peak() const;

 private:
  std::size_t allocations_at_start_;
  std::size_t held_at_start_;
};

}  // namespace uvspdy::test
