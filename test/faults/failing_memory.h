#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace uvspdy::test {

/// Memory that cannot be had: lets one allocation of the library fail, or one and all after it.
/// Only for programs of one thread that link failing_memory.cpp and replaced_new.cpp, and that link
/// with `--wrap` for zlib's two functions that start a stream, so that zlib's memory counts too.
///
/// Only what is called by `in_library` counts, so that the test's own allocations never fail.
class FailingMemory {
 public:
  enum class After { kSucceed, kFail };

  /// The allocation with this number fails, counted from 1.
  FailingMemory(std::size_t number, After after);
  ~FailingMemory();
  FailingMemory(const FailingMemory&) = delete;
  FailingMemory& operator=(const FailingMemory&) = delete;

  /// How many allocations have failed.
  std::size_t failed() const;

  /// Pieces of memory that are held at present, by operator new or by zlib.
  static std::size_t held();
};

namespace detail {

/// Sets whether allocations count; returns whether they did before.
bool count_allocations(bool count);

class Counting {
 public:
  explicit Counting(bool count) : before_(count_allocations(count)) {}
  ~Counting() { count_allocations(before_); }
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;

 private:
  bool before_;
};

}  // namespace detail

/// Calls a function of the library.
template <class Function>
decltype(auto) in_library(Function function) {
  const detail::Counting counting(true);
  return function();
}

/// Calls a function of the test from inside a call of the library: the body of a handler.
template <class Function>
decltype(auto) in_test(Function function) {
  const detail::Counting counting(false);
  return function();
}

}  // namespace uvspdy::test
