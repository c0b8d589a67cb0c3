#pragma once

#include <cstddef>

#include "uvspdy/bytes.h"

namespace uvspdy::net {

/// 16 KiB of memory, the payload of a TLS record, for the time of one call; all connections of a
/// thread share it. Objects that exist at the same time (TLS inside TLS) have different memory.
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
