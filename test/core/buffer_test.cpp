#include "uvspdy/buffer.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "support/death.h"
#include "support/memory_count.h"

using namespace uvspdy;

TEST_CASE("Buffer: a default-constructed one is empty") {
  const Buffer buffer;
  CHECK(buffer.empty());
  CHECK(buffer.size() == 0);
  CHECK(buffer.bytes().empty());
}

TEST_CASE("Buffer: is a value of four words") { CHECK(sizeof(Buffer) == 4 * sizeof(void*)); }

TEST_CASE("Buffer: takes over a vector without a copy, in one allocation") {
  std::vector<std::uint8_t> bytes(1000, 7);
  const std::uint8_t* const content = bytes.data();
  const test::MemoryCount memory;
  const Buffer buffer(std::move(bytes));
  const std::size_t allocations = memory.allocations();
  CHECK(allocations == 1);
  CHECK(buffer.size() == 1000);
  CHECK(buffer.bytes().data() == content);
}

TEST_CASE("Buffer: takes over a long string without a copy, in one allocation") {
  std::string text(1000, 'x');
  const Bytes content = bytes_of(text);
  const test::MemoryCount memory;
  const Buffer buffer(std::move(text));
  const std::size_t allocations = memory.allocations();
  CHECK(allocations == 1);
  CHECK(buffer.bytes().data() == content.data());
  CHECK(buffer.size() == 1000);
}

TEST_CASE("Buffer: a short string lives on inside the Buffer") {
  Buffer buffer;
  {
    const Buffer made(std::string("short"));
    buffer = made;
  }
  CHECK(text_of(buffer.bytes()) == "short");
}

TEST_CASE("Buffer: copy_of has bytes of its own") {
  std::string text = "before";
  const Buffer buffer = Buffer::copy_of(text);
  text = "after!";
  CHECK(text_of(buffer.bytes()) == "before");
  CHECK(Buffer::copy_of(Bytes()).empty());
}

TEST_CASE("Buffer: copies share the bytes; the last one frees them") {
  auto owner = std::make_shared<std::vector<std::uint8_t>>(10, std::uint8_t{1});
  const std::weak_ptr<std::vector<std::uint8_t>> alive = owner;
  Buffer first(Bytes(*owner), owner);
  owner = nullptr;
  Buffer second = first;
  CHECK(first.bytes().data() == second.bytes().data());
  first = {};
  CHECK_FALSE(alive.expired());
  CHECK(second.size() == 10);
  second = {};
  CHECK(alive.expired());
}

TEST_CASE("Buffer: bytes without an owner are only looked at") {
  static constexpr std::string_view kText = "literal";
  const test::MemoryCount memory;
  const Buffer buffer(bytes_of(kText), nullptr);
  const Buffer copy = buffer;
  const std::size_t allocations = memory.allocations();
  CHECK(allocations == 0);
  CHECK(copy.bytes().data() == bytes_of(kText).data());
}

TEST_CASE("Buffer: take_prefix splits without a copy") {
  Buffer rest(std::string("head and tail"));
  const std::uint8_t* const content = rest.bytes().data();
  const Buffer prefix = rest.take_prefix(4);
  CHECK(text_of(prefix.bytes()) == "head");
  CHECK(text_of(rest.bytes()) == " and tail");
  CHECK(prefix.bytes().data() == content);
  CHECK(rest.bytes().data() == content + 4);
}

TEST_CASE("Buffer: take_prefix of nothing and of all") {
  Buffer rest(std::string("all"));
  CHECK(rest.take_prefix(0).empty());
  CHECK(rest.size() == 3);
  const Buffer all = rest.take_prefix(3);
  CHECK(rest.empty());
  CHECK(text_of(all.bytes()) == "all");
}

TEST_CASE("Buffer: a prefix keeps the bytes alive by itself") {
  Buffer prefix;
  {
    Buffer whole(std::string(100, 'p'));
    prefix = whole.take_prefix(50);
  }
  CHECK(text_of(prefix.bytes()) == std::string(50, 'p'));
}

TEST_CASE("Buffer: what is taken whole is let go") {
  const auto owner = std::make_shared<std::string>(100, 'o');
  Buffer rest(bytes_of(*owner), owner);
  SECTION("take_prefix") {
    { const Buffer all = rest.take_prefix(100); }
    CHECK(owner.use_count() == 1);
  }
  SECTION("drop_prefix") {
    rest.drop_prefix(100);
    CHECK(owner.use_count() == 1);
  }
  CHECK(rest.empty());
}

TEST_CASE("Buffer: drop_prefix leaves the rest") {
  Buffer rest(std::string("head and tail"));
  const std::uint8_t* const content = rest.bytes().data();
  rest.drop_prefix(0);
  CHECK(rest.size() == 13);
  rest.drop_prefix(9);
  CHECK(text_of(rest.bytes()) == "tail");
  CHECK(rest.bytes().data() == content + 9);
}

TEST_CASE("Buffer: an owner may use the Buffer when it is freed") {
  Buffer rest;
  std::shared_ptr<void> owner(nullptr, [&rest](void*) { rest = Buffer(std::string("next")); });
  rest = Buffer(bytes_of("first"), std::move(owner));
  SECTION("drop_prefix") { rest.drop_prefix(5); }
  SECTION("take_prefix") { CHECK(rest.take_prefix(5).size() == 5); }
  CHECK(text_of(rest.bytes()) == "next");
}

TEST_CASE("Buffer: more than there is ends the process, with the function's name") {
  const std::string taken = test::text_of_death([] {
    Buffer buffer(std::string("five!"));
    if (buffer.take_prefix(6).empty()) return;
  });
  CHECK(taken == "uvspdy: Buffer::take_prefix: 6 bytes are asked for, there are 5\n");
  const std::string dropped = test::text_of_death([] { Buffer().drop_prefix(1); });
  CHECK(dropped == "uvspdy: Buffer::drop_prefix: 1 bytes are asked for, there are 0\n");
}

TEST_CASE("BufferPool: freezing more than a block ends the process, with the function's name") {
  const std::string text = test::text_of_death([] {
    BufferPool pool(100);
    if (pool.take().freeze(101).empty()) return;
  });
  CHECK(text == "uvspdy: BufferPool::Block::freeze: 101 bytes are asked for, there are 100\n");
  const std::string nothing = test::text_of_death([] {
    if (BufferPool::Block().freeze(1).empty()) return;
  });
  CHECK(nothing == "uvspdy: BufferPool::Block::freeze: 1 bytes are asked for, there are 0\n");
  CHECK(BufferPool::Block().freeze(0).empty());
}
