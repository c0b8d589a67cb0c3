#pragma once

#include <cstddef>

#include "uvspdy/bytes.h"

namespace uvspdy::net {

/// 16 KiB, as much as a TLS record carries, of memory that a thread's connections share, for as
/// long as a call needs it. Those that are held at the same time (TLS inside TLS) differ.
class Scratch {
 public:
  static constexpr std::size_t kSize = 16 * 1024;

  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  MutableBytes memory() const { return memory_; }

 private:
  MutableBytes memory_;
};

}  // namespace uvspdy::net
