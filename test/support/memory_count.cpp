#include "support/memory_count.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "support/replaced_new.h"

namespace {

std::size_t taken_count = 0;
std::size_t held_bytes = 0;
std::size_t peak_bytes = 0;

// Each piece of memory starts with its size, in room that keeps what follows aligned.
constexpr std::size_t kPrefix = alignof(std::max_align_t);
static_assert(kPrefix >= sizeof(std::size_t));

}  // namespace

namespace uvspdy::test {

void* allocate(std::size_t size) noexcept {
  auto* const memory = static_cast<unsigned char*>(std::malloc(kPrefix + size));
  if (memory == nullptr) return nullptr;
  std::memcpy(memory, &size, sizeof(size));
  ++taken_count;
  held_bytes += size;
  peak_bytes = std::max(peak_bytes, held_bytes);
  return memory + kPrefix;
}

void deallocate(void* pointer) noexcept {
  if (pointer == nullptr) return;
  auto* const memory = static_cast<unsigned char*>(pointer) - kPrefix;
  std::size_t size = 0;
  std::memcpy(&size, memory, sizeof(size));
  held_bytes -= size;
  std::free(memory);
}

MemoryCount::MemoryCount() : allocations_at_start_(taken_count), held_at_start_(held_bytes) {
  peak_bytes = held_bytes;
}

std::size_t MemoryCount::allocations() const { return taken_count - allocations_at_start_; }

std::size_t MemoryCount::held() const {
  return held_bytes > held_at_start_ ? held_bytes - held_at_start_ : 0;
}

std::size_t MemoryCount::peak() const { return peak_bytes - held_at_start_; }

}  // namespace uvspdy::test
