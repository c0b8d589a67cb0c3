#include "faults/failing_memory.h"

#include <zlib.h>

#include <cstdlib>

#include "support/replaced_new.h"

namespace {

bool counts = false;
std::size_t left = 0;  // allocations until the one that fails; 0: none is to fail any more
std::size_t failures = 0;
bool others_fail = false;
std::size_t pieces = 0;

bool fails() {
  if (!counts) return false;
  if (left == 0) {
    if (failures > 0 && others_fail) return ++failures, true;
    return false;
  }
  if (--left > 0) return false;
  ++failures;
  return true;
}

voidpf zlib_takes(voidpf, uInt count, uInt size) {
  return uvspdy::test::allocate(std::size_t{count} * size);
}
void zlib_gives_back(voidpf, voidpf memory) { uvspdy::test::deallocate(memory); }

}  // namespace

// The linker's --wrap calls these in place of zlib's functions. The macros of zlib.h add the
// version and the size of z_stream.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" {
int __real_deflateInit2_(z_streamp, int, int, int, int, int, const char*, int);
int __wrap_deflateInit2_(z_streamp stream, int level, int method, int window_bits, int memory_level,
                         int strategy, const char* version, int stream_size) {
  stream->zalloc = zlib_takes;
  stream->zfree = zlib_gives_back;
  return __real_deflateInit2_(stream, level, method, window_bits, memory_level, strategy, version,
                              stream_size);
}

int __real_inflateInit_(z_streamp, const char*, int);
int __wrap_inflateInit_(z_streamp stream, const char* version, int stream_size) {
  stream->zalloc = zlib_takes;
  stream->zfree = zlib_gives_back;
  return __real_inflateInit_(stream, version, stream_size);
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace uvspdy::test {

void* allocate(std::size_t size) noexcept {
  if (fails()) return nullptr;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory != nullptr) ++pieces;
  return memory;
}

void deallocate(void* memory) noexcept {
  if (memory == nullptr) return;
  --pieces;
  std::free(memory);
}

FailingMemory::FailingMemory(std::size_t number, After after) {
  left = number;
  failures = 0;
  others_fail = after == After::kFail;
}

FailingMemory::~FailingMemory() {
  left = 0;
  failures = 0;
}

std::size_t FailingMemory::failed() const { return failures; }
std::size_t FailingMemory::held() { return pieces; }

bool detail::count_allocations(bool count) { return std::exchange(counts, count); }

}  // namespace uvspdy::test
