#include "core/ring.h"

#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/memory_count.h"
#include "support/seeds.h"

using namespace uvspdy;

TEST_CASE("Ring: first in, first out") {
  Ring<int> ring;
  CHECK(ring.empty());
  CHECK(ring.size() == 0);
  for (int i = 0; i < 100; ++i) ring.push_back(i);
  CHECK(ring.size() == 100);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(ring.front() == i);
    ring.pop_front();
  }
  CHECK(ring.empty());
}

TEST_CASE("Ring: grows while its content wraps around the end") {
  Ring<int> ring;
  for (int i = 0; i < 4; ++i) ring.push_back(i);
  for (int i = 0; i < 3; ++i) ring.pop_front();
  for (int i = 4; i < 12; ++i) ring.push_back(i);
  std::vector<int> seen;
  while (!ring.empty()) {
    seen.push_back(ring.front());
    ring.pop_front();
  }
  CHECK(seen == std::vector<int>{3, 4, 5, 6, 7, 8, 9, 10, 11});
}

TEST_CASE("Ring: front can be changed in place") {
  Ring<std::string> ring;
  ring.push_back("a");
  ring.push_back("b");
  ring.front() = "changed";
  CHECK(ring.front() == "changed");
  ring.pop_front();
  CHECK(ring.front() == "b");
}

TEST_CASE("Ring: what is popped is let go at once") {
  Ring<std::shared_ptr<int>> ring;
  const auto value = std::make_shared<int>(1);
  ring.push_back(value);
  ring.push_back(value);
  CHECK(value.use_count() == 3);
  ring.pop_front();
  CHECK(value.use_count() == 2);
  ring.clear();
  CHECK(value.use_count() == 1);
}

TEST_CASE("Ring: holds what can only be moved") {
  Ring<std::unique_ptr<int>> ring;
  for (int i = 0; i < 9; ++i) ring.push_back(std::make_unique<int>(i));
  for (int i = 0; i < 9; ++i) {
    REQUIRE(ring.front() != nullptr);
    CHECK(*ring.front() == i);
    ring.pop_front();
  }
}

TEST_CASE("Ring: allocates nothing in the steady state") {
  Ring<int> ring;
  for (int i = 0; i < 5; ++i) ring.push_back(i);
  const test::MemoryCount memory;
  int sum = 0;
  for (int i = 0; i < 1000; ++i) {
    sum += ring.front();
    ring.pop_front();
    ring.push_back(i);
  }
  const std::size_t allocations = memory.allocations();
  CHECK(allocations == 0);
  CHECK(ring.size() == 5);
  CHECK(sum == 0 + 1 + 2 + 3 + 4 + 994 * 995 / 2);
}

TEST_CASE("Ring: clear gives the memory back, and the ring goes on") {
  const test::MemoryCount memory;
  Ring<int> ring;
  for (int i = 0; i < 1000; ++i) ring.push_back(i);
  const std::size_t full = memory.held();
  ring.clear();
  const std::size_t cleared = memory.held();
  CHECK(full >= 1000 * sizeof(int));
  CHECK(cleared == 0);
  CHECK(ring.empty());
  ring.push_back(7);
  CHECK(ring.front() == 7);
  CHECK(ring.size() == 1);
}

TEST_CASE("Ring: behaves as std::deque does, whatever is done") {
  for (const std::uint32_t seed : test::seeds(20)) {
    INFO("UVSPDY_TEST_SEED=" << seed);
    std::mt19937 random(seed);
    Ring<std::string> ring;
    std::deque<std::string> model;
    for (int step = 0; step < 2000; ++step) {
      const auto dice = random() % 100;
      if (dice < 55) {
        model.push_back(std::to_string(step) + std::string(random() % 30, 'x'));
        ring.push_back(model.back());
      } else if (dice < 99 && !model.empty()) {
        model.pop_front();
        ring.pop_front();
      } else if (dice == 99) {
        model.clear();
        ring.clear();
      }
      REQUIRE(ring.size() == model.size());
      REQUIRE(ring.empty() == model.empty());
      if (!model.empty()) REQUIRE(ring.front() == model.front());
    }
  }
}

namespace {

/// Calls a function when it is freed.
struct Element {
  std::shared_ptr<void> owner;

  Element() = default;
  explicit Element(std::function<void()> on_freed)
      : owner(nullptr, [on_freed = std::move(on_freed)](void*) { on_freed(); }) {}
};

}  // namespace

TEST_CASE("Ring: an element may use the ring when it is freed") {
  Ring<Element> ring;
  int freed = 0;
  for (int i = 0; i < 4; ++i) {
    ring.push_back(Element([&] {
      ++freed;
      ring.push_back(Element());
    }));
  }
  SECTION("pop_front") {
    for (std::size_t i = 1; i <= 4; ++i) {
      ring.pop_front();
      CHECK(ring.size() == 4);
    }
    CHECK(freed == 4);
  }
  SECTION("clear") {
    ring.clear();
    CHECK(freed == 4);
    CHECK(ring.size() == 4);
    ring.clear();
    CHECK(ring.empty());
  }
  SECTION("assignment") {
    ring = Ring<Element>();
    CHECK(freed == 4);
    CHECK(ring.size() == 4);
  }
}
