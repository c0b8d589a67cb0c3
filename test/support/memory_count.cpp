#include "support/memory_count.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

std::size_t taken_count = 0;
std::size_t held_bytes = 0;
std::size_t peak_bytes = 0;

// Each piece of memory starts with its size, in room that keeps what follows aligned.
constexpr std::size_t kPrefix = alignof(std::max_align_t);
static_assert(kPrefix >= sizeof(std::size_t));

void* take_or_null(std::size_t size) noexcept {
  auto* const memory = static_cast<unsigned char*>(std::malloc(kPrefix + size));
  if (memory == nullptr) return nullptr;
  std::memcpy(memory, &size, sizeof(size));
  ++taken_count;
  held_bytes += size;
  peak_bytes = std::max(peak_bytes, held_bytes);
  return memory + kPrefix;
}

void* take(std::size_t size) {
  void* const memory = take_or_null(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void give_back(void* pointer) noexcept {
  if (pointer == nullptr) return;
  auto* const memory = static_cast<unsigned char*>(pointer) - kPrefix;
  std::size_t size = 0;
  std::memcpy(&size, memory, sizeof(size));
  held_bytes -= size;
  std::free(memory);
}

}  // namespace

// Every form but the over-aligned ones, which nothing here uses: a program must not mix these with
// the forms of a sanitizer.
void* operator new(std::size_t size) { return take(size); }
void* operator new[](std::size_t size) { return take(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take_or_null(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return take_or_null(size);
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { give_back(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { give_back(memory); }

namespace uvspdy::test {

MemoryCount::MemoryCount() : allocations_at_start_(taken_count), held_at_start_(held_bytes) {
  peak_bytes = held_bytes;
}

std::size_t MemoryCount::allocations() const { return taken_count - allocations_at_start_; }

std::size_t MemoryCount::held() const {
  return held_bytes > held_at_start_ ? held_bytes - held_at_start_ : 0;
}

std::size_t MemoryCount::peak() const { return peak_bytes - held_at_start_; }

}  // namespace uvspdy::test
