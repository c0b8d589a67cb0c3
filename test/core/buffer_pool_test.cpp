#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/memory_count.h"
#include "uvspdy/buffer.h"

using namespace uvspdy;

namespace {

// A block out of the pool, filled with one byte's value.
Buffer filled(BufferPool& pool, std::uint8_t value) {
  BufferPool::Block block = pool.take();
  std::fill(block.bytes().begin(), block.bytes().end(), value);
  const std::size_t size = block.bytes().size();
  return std::move(block).freeze(size);
}

}  // namespace

TEST_CASE("BufferPool: a block has the pool's size; a Buffer what was filled of it") {
  BufferPool pool(64);
  BufferPool::Block block = pool.take();
  REQUIRE(block.bytes().size() == 64);
  block.bytes()[0] = 'a';
  block.bytes()[1] = 'b';
  const std::uint8_t* const memory = block.bytes().data();
  const Buffer buffer = std::move(block).freeze(2);
  CHECK(text_of(buffer.bytes()) == "ab");
  CHECK(buffer.bytes().data() == memory);
}

TEST_CASE("BufferPool: a block without memory has no bytes") {
  const BufferPool::Block block;
  CHECK(block.bytes().empty());
}

TEST_CASE("BufferPool: a block that nobody holds is used again") {
  BufferPool pool(64);
  const std::uint8_t* const memory = pool.take().bytes().data();
  const std::uint8_t* const again = filled(pool, 1).bytes().data();
  const std::uint8_t* const and_again = pool.take().bytes().data();
  CHECK(again == memory);
  CHECK(and_again == memory);
}

TEST_CASE("BufferPool: a block that somebody holds is left alone") {
  BufferPool pool(16, 4);
  std::vector<Buffer> buffers;
  for (std::uint8_t i = 0; i < 10; ++i) buffers.push_back(filled(pool, i));
  for (std::uint8_t i = 0; i < 10; ++i) {
    CHECK(std::vector<std::uint8_t>(buffers[i].bytes().begin(), buffers[i].bytes().end()) ==
          std::vector<std::uint8_t>(16, i));
  }
}

TEST_CASE("BufferPool: a copy or a prefix of the Buffer holds the block too") {
  BufferPool pool(16);
  std::optional<Buffer> buffer = filled(pool, 1);
  const Buffer copy = *buffer;
  const Buffer prefix = buffer->take_prefix(3);
  buffer.reset();
  const Buffer other = filled(pool, 2);
  CHECK(other.bytes().data() != copy.bytes().data());
  CHECK(copy.bytes()[15] == 1);
  CHECK(prefix.bytes()[0] == 1);
}

TEST_CASE("BufferPool: allocates nothing in the steady state of a transfer") {
  BufferPool pool(1024, 4);
  // Three on their way at any time; they come back in the order in which they went.
  std::vector<Buffer> on_their_way(3);
  for (std::size_t i = 0; i < 8; ++i) on_their_way[i % 3] = filled(pool, 1);
  const test::MemoryCount memory;
  for (std::size_t i = 8; i < 100; ++i) on_their_way[i % 3] = filled(pool, 1);
  const std::size_t allocations = memory.allocations();
  CHECK(allocations == 0);
}

TEST_CASE("BufferPool: allocates nothing while one Buffer is held for long") {
  BufferPool pool(1024, 4);
  const Buffer held = filled(pool, 7);
  for (int i = 0; i < 8; ++i) CHECK(filled(pool, 1).size() == 1024);
  const test::MemoryCount memory;
  for (int i = 0; i < 100; ++i) (void)filled(pool, 1);
  const std::size_t allocations = memory.allocations();
  CHECK(allocations == 0);
  CHECK(held.bytes()[0] == 7);
}

TEST_CASE("BufferPool: keeps max_blocks and frees further ones after use") {
  BufferPool pool(4096, 2);
  const test::MemoryCount memory;
  {
    std::vector<Buffer> buffers;
    for (int i = 0; i < 10; ++i) buffers.push_back(filled(pool, 1));
    const std::size_t held = memory.held();
    CHECK(held >= std::size_t{10} * 4096);
  }
  const std::size_t kept = memory.held();
  CHECK(kept >= std::size_t{2} * 4096);
  CHECK(kept < std::size_t{3} * 4096);

  // Both that were kept are used again.
  std::set<const std::uint8_t*> used;
  const test::MemoryCount later;
  const BufferPool::Block first = pool.take();
  const BufferPool::Block second = pool.take();
  const std::size_t allocations = later.allocations();
  used.insert(first.bytes().data());
  used.insert(second.bytes().data());
  CHECK(allocations == 0);
  CHECK(used.size() == 2);
}

TEST_CASE("BufferPool: of no kept blocks still hands out blocks") {
  BufferPool pool(32, 0);
  const Buffer first = filled(pool, 1);
  const Buffer second = filled(pool, 2);
  CHECK(first.bytes()[31] == 1);
  CHECK(second.bytes()[31] == 2);
}

TEST_CASE("BufferPool: Buffers outlive the pool") {
  std::optional<BufferPool> pool(std::in_place, 32);
  const Buffer buffer = filled(*pool, 9);
  pool.reset();
  CHECK(buffer.size() == 32);
  CHECK(buffer.bytes()[31] == 9);
}
