// Tasks, groups of them, and their cancellation, without I/O.

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/coroutine_pair.h"
#include "support/outside_calls.h"
#include "support/test_loop.h"

using namespace uvspdy;
using namespace uvspdy::httpstream;
using namespace std::chrono_literals;
using test::IsSuccess;
using test::NextTurn;
using test::OutsideCalls;
using test::TestLoop;
using test::Tracker;

namespace {

co::Task<std::unique_ptr<int>> number(int value) { co_return std::make_unique<int>(value); }

co::Task<int> sum(TestLoop& loop, int a, int b) {
  const std::unique_ptr<int> first = co_await number(a);
  co_await NextTurn(loop);
  const std::unique_ptr<int> second = co_await number(b);
  co_return *first + *second;
}

// Waits for ever.
co::Task<Error> never(Tracker) {
  co_await std::suspend_always();
  co_return Error();
}

co::Task<Error> after_turns(TestLoop& loop, int turns, Tracker) {
  for (int i = 0; i < turns; ++i) co_await NextTurn(loop);
  co_return Error();
}

co::Task<> ignoring(co::Task<Error> task) { (void)co_await std::move(task); }

}  // namespace

TEST_CASE("Task: results come back through tasks that wait and tasks that do not") {
  TestLoop loop;
  co::TaskGroup tasks(loop.get());
  int result = 0;
  OutsideCalls outside;
  outside.during([&] {
    tasks.spawn(sum(loop, 20, 22), [&](int value) {
      CHECK(outside.holds());
      result = value;
    });
  });
  CHECK(result == 0);
  CHECK(tasks.size() == 1);
  REQUIRE(loop.run_until([&] { return result != 0; }));
  CHECK(result == 42);
  CHECK(tasks.size() == 0);
}

TEST_CASE("Task: begins when it is awaited, and destroys its frame if it never is") {
  int destroyed = 0;
  { const co::Task<Error> task = never(Tracker(destroyed)); }
  CHECK(destroyed == 1);
  co::Task<Error> task = never(Tracker(destroyed));
  task = never(Tracker(destroyed));
  CHECK(destroyed == 2);
}

TEST_CASE("Task: one that never waits costs no stack") {
  TestLoop loop;
  co::TaskGroup tasks(loop.get());
  const auto many = [](TestLoop& its_loop) -> co::Task<int> {
    int total = 0;
    co_await NextTurn(its_loop);
    for (int i = 0; i < 300000; ++i) total += *co_await number(1);
    co_return total;
  };
  int result = 0;
  tasks.spawn(many(loop), [&](int value) { result = value; });
  REQUIRE(loop.run_until([&] { return result != 0; }));
  CHECK(result == 300000);
}

TEST_CASE("Task: an exception is thrown at the awaiter") {
  TestLoop loop;
  co::TaskGroup tasks(loop.get());
  const auto fails = [](TestLoop& its_loop, bool waits) -> co::Task<int> {
    if (waits) co_await NextTurn(its_loop);
    throw std::runtime_error("of the user's");
  };
  const auto catches = [&](TestLoop& its_loop, bool waits) -> co::Task<std::string> {
    try {
      (void)co_await fails(its_loop, waits);
    } catch (const std::runtime_error& error) {
      co_return error.what();
    }
    co_return "nothing";
  };
  std::string caught;
  tasks.spawn(catches(loop, GENERATE(false, true)),
              [&](const std::string& what) { caught = what; });
  REQUIRE(loop.run_until([&] { return !caught.empty(); }));
  CHECK(caught == "of the user's");
}

TEST_CASE("TaskGroup: what waits, and what has not begun, goes with it") {
  TestLoop loop;
  int destroyed = 0;
  int handled = 0;
  const auto handler = [&](const Error&) { ++handled; };
  {
    co::TaskGroup tasks(loop.get());
    tasks.spawn(never(Tracker(destroyed)), handler);
    tasks.spawn(ignoring(never(Tracker(destroyed))));
    loop.run_turns(3);
    CHECK(destroyed == 0);
    tasks.spawn(never(Tracker(destroyed)), handler);
    SECTION("by its destructor") {}
    SECTION("by cancel") {
      tasks.cancel();
      CHECK(destroyed == 3);
      CHECK(tasks.size() == 0);
      // It can be used again.
      tasks.spawn(after_turns(loop, 1, Tracker(destroyed)), handler);
      REQUIRE(loop.run_until([&] { return handled == 1; }));
      --handled;
      --destroyed;
    }
  }
  CHECK(destroyed == 3);
  REQUIRE(loop.run_out());
  CHECK(handled == 0);
}

TEST_CASE("TaskGroup: a task may drop its own group, and goes on until it waits") {
  TestLoop loop;
  int destroyed = 0;
  bool went_on = false;
  bool came_back = false;
  auto tasks = std::make_unique<co::TaskGroup>(loop.get());
  const auto inner = [&](Tracker) -> co::Task<Error> {
    co_await NextTurn(loop);
    tasks.reset();
    CHECK(destroyed == 1);  // the other one
    went_on = true;
    co_await NextTurn(loop);
    came_back = true;
    co_return Error();
  };
  const auto outer = [&](Tracker) -> co::Task<> { (void)co_await inner(Tracker(destroyed)); };
  tasks->spawn(outer(Tracker(destroyed)));
  tasks->spawn(ignoring(never(Tracker(destroyed))));
  REQUIRE(loop.run_until([&] { return destroyed == 3; }));
  REQUIRE(loop.run_out());
  CHECK(went_on);
  CHECK_FALSE(came_back);
}

TEST_CASE("TaskGroup: a task may end by dropping its group, as may its handler") {
  TestLoop loop;
  int destroyed = 0;
  auto tasks = std::make_unique<co::TaskGroup>(loop.get());
  SECTION("the task") {
    const auto last = [&](Tracker) -> co::Task<> {
      co_await NextTurn(loop);
      tasks.reset();
    };
    tasks->spawn(last(Tracker(destroyed)));
    REQUIRE(loop.run_out());
  }
  SECTION("its handler") {
    tasks->spawn(after_turns(loop, 1, Tracker(destroyed)), [&](const Error&) { tasks.reset(); });
    REQUIRE(loop.run_out());
  }
  CHECK(destroyed == 1);
  CHECK_FALSE(tasks);
}

TEST_CASE("TaskGroup: join waits for the last") {
  TestLoop loop;
  int destroyed = 0;
  OutsideCalls outside;
  co::TaskGroup waiting(loop.get());
  co::TaskGroup tasks(loop.get());
  std::optional<Error> joined;
  std::optional<Error> second;
  const auto join = [&](std::optional<Error>& result) -> co::Task<> {
    result = co_await tasks.join();
    CHECK(outside.holds());
  };
  SECTION("none: at once") {
    waiting.spawn(join(joined));
    REQUIRE(loop.run_until([&] { return joined.has_value(); }));
  }
  SECTION("two") {
    tasks.spawn(ignoring(after_turns(loop, 3, Tracker(destroyed))));
    tasks.spawn(ignoring(after_turns(loop, 5, Tracker(destroyed))));
    waiting.spawn(join(joined));
    waiting.spawn(join(second));
    REQUIRE(loop.run_until([&] { return joined.has_value(); }));
    CHECK(destroyed == 2);
    REQUIRE(second);
    CHECK(second->code() == std::error_code(UV_EBUSY, net::uv_category()));
  }
  SECTION("cancelled") {
    tasks.spawn(ignoring(never(Tracker(destroyed))));
    waiting.spawn(join(joined));
    loop.run_turns(3);
    outside.during([&] { tasks.cancel(); });
    CHECK_FALSE(joined);
    REQUIRE(loop.run_until([&] { return joined.has_value(); }));
  }
  CHECK_THAT(*joined, IsSuccess());
}

TEST_CASE("with_timeout: the task's own end, or kTimeout and the task is gone") {
  TestLoop loop;
  co::TaskGroup tasks(loop.get());
  int destroyed = 0;
  std::optional<Error> result;
  const auto guarded = [&](std::chrono::milliseconds timeout, co::Task<Error> task) -> co::Task<> {
    result = co_await co::with_timeout(loop.get(), timeout, std::move(task));
    CHECK(destroyed == 1);
  };
  std::error_code expected;
  SECTION("in time") { tasks.spawn(guarded(1h, after_turns(loop, 3, Tracker(destroyed)))); }
  SECTION("at once") { tasks.spawn(guarded(1h, after_turns(loop, 0, Tracker(destroyed)))); }
  SECTION("late") {
    tasks.spawn(guarded(5ms, never(Tracker(destroyed))));
    expected = Errc::kTimeout;
  }
  REQUIRE(loop.run_until([&] { return result.has_value(); }));
  CHECK(result->code() == expected);
  if (expected) CHECK(result->message() == "not done within 5 milliseconds");
  REQUIRE(loop.run_out());
}

TEST_CASE("with_timeout: dropped while it waits") {
  TestLoop loop;
  int destroyed = 0;
  const auto guarded = [&](co::Task<Error> task) -> co::Task<> {
    (void)co_await co::with_timeout(loop.get(), 1h, std::move(task));
  };
  co::TaskGroup tasks(loop.get());
  tasks.spawn(guarded(never(Tracker(destroyed))));
  loop.run_turns(3);
  tasks.cancel();
  CHECK(destroyed == 1);
  REQUIRE(loop.run_out());
}

TEST_CASE("with_cancellation: ends what is under it, from the loop") {
  TestLoop loop;
  co::TaskGroup tasks(loop.get());
  const co::Cancellation cancellation(loop.get());
  OutsideCalls outside;
  int destroyed = 0;
  std::vector<std::error_code> ends;
  const auto guarded = [&](co::Task<Error> task) -> co::Task<> {
    const Error error = co_await co::with_cancellation(cancellation, std::move(task));
    CHECK(outside.holds());
    ends.push_back(error.code());
  };
  const std::error_code cancelled(UV_ECANCELED, net::uv_category());
  SECTION("from elsewhere, all of them") {
    tasks.spawn(guarded(never(Tracker(destroyed))));
    tasks.spawn(guarded(never(Tracker(destroyed))));
    loop.run_turns(3);
    outside.during([&] { cancellation.cancel(); });
    CHECK(destroyed == 0);
    REQUIRE(loop.run_until([&] { return ends.size() == 2; }));
    CHECK(ends == std::vector<std::error_code>{cancelled, cancelled});
    CHECK(destroyed == 2);
  }
  SECTION("by the task itself") {
    const bool waits = GENERATE(false, true);
    const auto itself = [&](Tracker) -> co::Task<Error> {
      if (waits) co_await NextTurn(loop);
      cancellation.cancel();
      co_await std::suspend_always();
      co_return Error();
    };
    tasks.spawn(guarded(itself(Tracker(destroyed))));
    REQUIRE(loop.run_until([&] { return ends.size() == 1; }));
    CHECK(ends[0] == cancelled);
    CHECK(destroyed == 1);
  }
  SECTION("before it has begun") {
    cancellation.cancel();
    tasks.spawn(guarded(never(Tracker(destroyed))));
    REQUIRE(loop.run_until([&] { return ends.size() == 1; }));
    CHECK(ends[0] == cancelled);
  }
  SECTION("not one that has ended") {
    tasks.spawn(guarded(after_turns(loop, 2, Tracker(destroyed))));
    REQUIRE(loop.run_until([&] { return ends.size() == 1; }));
    cancellation.cancel();
    CHECK(ends[0] == std::error_code());
  }
  SECTION("not one that was dropped") {
    tasks.spawn(guarded(never(Tracker(destroyed))));
    loop.run_turns(3);
    cancellation.cancel();
    tasks.cancel();
  }
  REQUIRE(loop.run_out());
  CHECK(ends.size() <= 2);
}
