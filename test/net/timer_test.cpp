#include "uvspdy/net/timer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/descriptor.h"
#include "support/outside_calls.h"
#include "support/test_loop.h"

using namespace uvspdy;
using test::TestLoop;
using namespace std::chrono_literals;

TEST_CASE("Timer: fires once, from the loop, and not before its time") {
  TestLoop loop;
  test::OutsideCalls outside;
  int fired = 0;
  net::Timer timer(loop.get(), [&] {
    ++fired;
    CHECK(outside.holds());
  });
  const std::chrono::milliseconds delay = GENERATE(0ms, 1ms, 20ms);
  const auto begin = std::chrono::steady_clock::now();
  outside.during([&] { timer.start(delay); });
  CHECK(fired == 0);
  REQUIRE(loop.run_out());
  CHECK(fired == 1);
  // libuv counts whole milliseconds and may cut one at each end.
  CHECK(std::chrono::steady_clock::now() - begin >= delay - 2ms);
}

TEST_CASE("Timer: a negative time is as good as none") {
  TestLoop loop;
  int fired = 0;
  net::Timer timer(loop.get(), [&] { ++fired; });
  timer.start(-5ms);
  REQUIRE(loop.run_out());
  CHECK(fired == 1);
}

TEST_CASE("Timer: a time that is longer than the clock is never, not at once") {
  TestLoop loop;
  int fired = 0;
  net::Timer timer(loop.get(), [&] { ++fired; });
  timer.start(std::chrono::milliseconds::max());
  loop.run_turns(10);
  CHECK(fired == 0);
  timer.stop();
  REQUIRE(loop.run_out());
}

TEST_CASE("Timer: starting again replaces the time, stopping takes it back") {
  TestLoop loop;
  int late = 0;
  int stopped = 0;
  net::Timer again(loop.get(), [&] { ++late; });
  again.start(1h);
  again.start(1ms);
  net::Timer never(loop.get(), [&] { ++stopped; });
  never.start(0ms);
  never.stop();
  never.stop();
  REQUIRE(loop.run_out());  // within the deadline, so the hour is gone
  CHECK(late == 1);
  CHECK(stopped == 0);
}

TEST_CASE("Timer: when the loop was held up, input that has come comes first") {
  TestLoop loop;
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const net::Descriptor near(ends[0]);
  const net::Descriptor far(ends[1]);
  std::vector<std::string> order;
  uv_poll_t input;
  REQUIRE(uv_poll_init(loop.get(), &input, near.get()) == 0);
  input.data = &order;
  uv_poll_start(&input, UV_READABLE, [](uv_poll_t* handle, int, int) {
    static_cast<std::vector<std::string>*>(handle->data)->emplace_back("input");
    void* const closing = handle;
    uv_close(static_cast<uv_handle_t*>(closing), nullptr);
  });
  net::Timer timer(loop.get(), [&] { order.emplace_back("time"); });
  timer.start(1ms);
  REQUIRE(write(far.get(), "x", 1) == 1);
  std::this_thread::sleep_for(100ms);
  REQUIRE(loop.run_out());
  CHECK(order == std::vector<std::string>{"input", "time"});
}

TEST_CASE("Timer: when the loop was held up, input comes before any of many timers") {
  TestLoop loop;
  bool has_input = false;
  int early = 0;
  std::deque<net::Timer> timers;
  for (int i = 0; i < 2000; ++i) {
    timers.emplace_back(loop.get(), [&] {
      if (has_input) return;
      ++early;
      timers.front().start(1h);  // has the loop look at its clock
      timers.front().stop();
    });
    timers.back().start(1ms);
  }
  uv_async_t input;
  REQUIRE(uv_async_init(loop.get(), &input, [](uv_async_t* handle) {
            *static_cast<bool*>(handle->data) = true;
            void* const closing = handle;
            uv_close(static_cast<uv_handle_t*>(closing), nullptr);
          }) == 0);
  input.data = &has_input;
  uv_async_send(&input);
  std::this_thread::sleep_for(100ms);
  REQUIRE(loop.run_out());
  CHECK(has_input);
  CHECK(early == 0);
}

TEST_CASE("Timer: when the loop was held up, input that has come may stop it") {
  TestLoop loop;
  int fired = 0;
  net::Timer timer(loop.get(), [&] { ++fired; });
  timer.start(1ms);
  std::this_thread::sleep_for(100ms);
  loop.run_turns(1);
  CHECK(fired == 0);
  timer.stop();
  REQUIRE(loop.run_out());
  CHECK(fired == 0);
}

TEST_CASE("Timer: a loop whose every turn is long has timers, too") {
  TestLoop loop;
  int fired = 0;
  net::Timer timer(loop.get(), [&] { ++fired; });
  net::Wakeup* busy = nullptr;
  net::Wakeup wakeup(loop.get(), [&] {
    std::this_thread::sleep_for(60ms);
    busy->schedule();
  });
  busy = &wakeup;
  wakeup.schedule();
  timer.start(1ms);
  loop.run_turns(4);
  CHECK(fired == 1);
  wakeup.cancel();
}

TEST_CASE("Timer: may be started again inside its handler") {
  TestLoop loop;
  int fired = 0;
  std::unique_ptr<net::Timer> timer;
  timer = std::make_unique<net::Timer>(loop.get(), [&] {
    if (++fired < 3) timer->start(0ms);
  });
  timer->start(0ms);
  REQUIRE(loop.run_out());
  CHECK(fired == 3);
}

TEST_CASE("Timer: may be destroyed inside its handler") {
  TestLoop loop;
  int fired = 0;
  // Freed with the handler: a handler that went with its timer would read freed memory.
  const auto token = std::make_shared<int>(7);
  std::unique_ptr<net::Timer> timer;
  timer = std::make_unique<net::Timer>(loop.get(), [&, token] {
    timer.reset();
    fired += *token;
  });
  timer->start(0ms);
  REQUIRE(loop.run_out());
  CHECK(fired == 7);
  CHECK(token.use_count() == 1);
}

TEST_CASE("Timer: destroyed before its time it never fires") {
  TestLoop loop;
  int fired = 0;
  auto timer = std::make_unique<net::Timer>(loop.get(), [&] { ++fired; });
  timer->start(0ms);
  timer.reset();
  REQUIRE(loop.run_out());
  CHECK(fired == 0);
}

TEST_CASE("Wakeup: runs once for any number of calls, from the loop") {
  TestLoop loop;
  test::OutsideCalls outside;
  int ran = 0;
  net::Wakeup wakeup(loop.get(), [&] {
    ++ran;
    CHECK(outside.holds());
  });
  outside.during([&] {
    wakeup.schedule();
    wakeup.schedule();
  });
  CHECK(ran == 0);
  REQUIRE(loop.run_out());
  CHECK(ran == 1);

  wakeup.schedule();
  REQUIRE(loop.run_out());
  CHECK(ran == 2);
}

TEST_CASE("Wakeup: one that is scheduled inside a Wakeup still runs, while the loop would block") {
  TestLoop loop;
  // Something that keeps the loop waiting: only a turn that does not block gets to the wakeups.
  net::Timer hour(loop.get(), [] {});
  hour.start(1h);
  int own = 0;
  int other = 0;
  std::unique_ptr<net::Wakeup> first;
  net::Wakeup second(loop.get(), [&] {
    ++other;
    first->schedule();
  });
  first = std::make_unique<net::Wakeup>(loop.get(), [&] {
    if (++own < 3) first->schedule();
    if (own == 3) second.schedule();
  });
  first->schedule();
  REQUIRE(loop.run_until([&] { return own == 4; }));
  CHECK(other == 1);
  hour.stop();
  REQUIRE(loop.run_out());
}

TEST_CASE("Wakeup: one that is not scheduled does not keep the loop alive, nor one cancelled") {
  TestLoop loop;
  int ran = 0;
  net::Wakeup idle(loop.get(), [&] { ++ran; });
  net::Wakeup cancelled(loop.get(), [&] { ++ran; });
  cancelled.schedule();
  cancelled.cancel();
  cancelled.cancel();
  CHECK(uv_loop_alive(loop.get()) == 0);
  REQUIRE(loop.run_out());
  CHECK(ran == 0);
}

TEST_CASE("Wakeup: may be destroyed inside its handler, and before it runs") {
  TestLoop loop;
  int ran = 0;
  const auto token = std::make_shared<int>(7);
  std::unique_ptr<net::Wakeup> own;
  own = std::make_unique<net::Wakeup>(loop.get(), [&, token] {
    own.reset();
    ran += *token;
  });
  own->schedule();
  auto gone = std::make_unique<net::Wakeup>(loop.get(), [&] { ran += 1000; });
  gone->schedule();
  gone.reset();
  REQUIRE(loop.run_out());
  CHECK(ran == 7);
}
