#include "uvspdy/net/post.h"

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "support/outside_calls.h"
#include "support/test_loop.h"

using namespace uvspdy;
using net::Poster;
using test::IsSuccess;
using test::TestLoop;

namespace {

std::shared_ptr<Poster> make_poster(TestLoop& loop) {
  auto poster = Poster::create(loop.get());
  REQUIRE_THAT(poster, IsSuccess());
  return std::move(*poster);
}

/// Says on which thread it, the last of its copies, was destroyed.
std::shared_ptr<int> destroyed_on(std::thread::id& thread) {
  return std::shared_ptr<int>(std::make_unique<int>(7).release(), [&thread](int* value) {
    thread = std::this_thread::get_id();
    const std::unique_ptr<int> freed(value);
  });
}

}  // namespace

TEST_CASE("Poster: functions run on the loop's thread, in order, never inside post") {
  TestLoop loop;
  const auto poster = make_poster(loop);
  std::vector<int> order;
  test::OutsideCalls outside;
  outside.during([&] {
    for (int i = 0; i < 3; ++i) {
      CHECK(poster->post([&, i] {
        CHECK(outside.holds());
        order.push_back(i);
      }));
    }
    CHECK(poster->post({}));  // nothing to call: nothing happens
  });
  CHECK(order.empty());
  REQUIRE(loop.run_until([&] { return order.size() == 3; }));
  CHECK(order == std::vector<int>{0, 1, 2});
  poster->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Poster: keeps the loop alive until it is closed, and only so long") {
  TestLoop loop;
  auto poster = make_poster(loop);
  loop.run_turns(3);
  CHECK(uv_loop_alive(loop.get()) != 0);
  const std::weak_ptr<Poster> watch = poster;
  SECTION("held by its user") {
    poster->close();
    poster->close();
    REQUIRE(loop.run_out());
    CHECK_FALSE(poster->post([] { FAIL_CHECK("ran"); }));
  }
  SECTION("dropped by its user") {
    Poster& still_there = *poster;
    poster.reset();
    REQUIRE_FALSE(watch.expired());
    bool ran = false;
    CHECK(still_there.post([&] { ran = true; }));
    REQUIRE(loop.run_until([&] { return ran; }));
    still_there.close();
    REQUIRE(loop.run_out());
    CHECK(watch.expired());
  }
}

TEST_CASE("Poster: what is posted inside a posted function runs in a later turn") {
  TestLoop loop;
  const auto poster = make_poster(loop);
  int turns = 0;
  std::vector<int> ran_in;
  std::function<void()> again = [&] {
    ran_in.push_back(turns);
    if (ran_in.size() < 4) CHECK(poster->post(again));
  };
  CHECK(poster->post(again));
  while (ran_in.size() < 4) {
    ++turns;
    loop.run_turns(1);
  }
  CHECK(ran_in == std::vector<int>{1, 2, 3, 4});
  poster->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Poster: what was posted before close still runs, once, and not inside close") {
  TestLoop loop;
  auto poster = make_poster(loop);
  std::vector<int> order;
  std::vector<int> expected;
  SECTION("closed from outside") {
    expected = {1, 2};
    CHECK(poster->post([&] { order.push_back(1); }));
    CHECK(poster->post([&] {
      order.push_back(2);
      CHECK_FALSE(poster->post([&] { order.push_back(4); }));
    }));
    poster->close();
    CHECK(order.empty());
  }
  SECTION("closed inside a posted function") {
    expected = {1, 2, 3};
    CHECK(poster->post([&] {
      order.push_back(1);
      CHECK(poster->post([&] { order.push_back(3); }));
      poster->close();
      CHECK_FALSE(poster->post([&] { order.push_back(4); }));
      CHECK(order.size() == 1);
    }));
    CHECK(poster->post([&] { order.push_back(2); }));
  }
  REQUIRE(loop.run_out());
  CHECK(order == expected);
}

TEST_CASE("Poster: functions are destroyed on the loop's thread, behind their call") {
  TestLoop loop;
  const auto poster = make_poster(loop);
  std::thread::id thread;
  bool alive_in_call = false;
  auto token = destroyed_on(thread);
  std::thread worker([&, token = std::move(token)]() mutable {
    CHECK(poster->post([&, token = std::move(token)] {
      alive_in_call = *token == 7 && thread == std::thread::id();
    }));
  });
  worker.join();
  CHECK(thread == std::thread::id());
  REQUIRE(loop.run_until([&] { return alive_in_call; }));
  CHECK(thread == std::this_thread::get_id());
  poster->close();
  REQUIRE(loop.run_out());
}

TEST_CASE("Poster: refused functions are destroyed at once, by the thread that posts") {
  TestLoop loop;
  const auto poster = make_poster(loop);
  poster->close();
  REQUIRE(loop.run_out());
  std::thread::id destroyed;
  std::thread::id poster_thread;
  std::thread worker([&] {
    poster_thread = std::this_thread::get_id();
    CHECK_FALSE(poster->post([token = destroyed_on(destroyed)] { FAIL_CHECK("ran"); }));
  });
  worker.join();
  CHECK(destroyed == poster_thread);
}

TEST_CASE("Poster: many threads post while the loop closes it: accepted is run, refused is not") {
  TestLoop loop;
  auto poster = make_poster(loop);
  constexpr int kThreads = 4;
  std::atomic<int> accepted{0};
  int ran = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    // Each holds the poster, and the last of them to go may be the last of all.
    threads.emplace_back([&accepted, &ran, poster] {
      while (poster->post([&ran] { ++ran; })) ++accepted;
    });
  }
  REQUIRE(loop.run_until([&] { return ran > 1000; }));
  poster->close();
  poster.reset();
  REQUIRE(loop.run_out());
  for (std::thread& thread : threads) thread.join();
  CHECK(ran == accepted.load());
}

TEST_CASE("Poster: a thread that waits for what it has posted is not left waiting by close") {
  TestLoop loop;
  const auto poster = make_poster(loop);
  std::promise<void> posted;
  int got = 0;
  std::thread worker([&] {
    std::promise<int> answer;
    const bool accepted = poster->post([&] { answer.set_value(7); });
    posted.set_value();
    if (accepted) got = answer.get_future().get();
  });
  posted.get_future().wait();
  poster->close();
  REQUIRE(loop.run_out());
  worker.join();
  CHECK(got == 7);
}

TEST_CASE("Poster: several loops in threads of their own post to each other") {
  constexpr int kRounds = 200;
  TestLoop left_loop;
  TestLoop right_loop;
  const auto left = make_poster(left_loop);
  const auto right = make_poster(right_loop);
  int left_count = 0;   // the left loop's thread only
  int right_count = 0;  // the right loop's
  std::atomic<int> refused{0};
  std::function<void()> on_left;
  const std::function<void()> on_right = [&] {
    if (++right_count == kRounds) right->close();
    if (!left->post(on_left)) ++refused;
  };
  on_left = [&] {
    if (++left_count == kRounds) return left->close();
    if (!right->post(on_right)) ++refused;
  };
  CHECK(right->post(on_right));
  std::thread other([&] { uv_run(right_loop.get(), UV_RUN_DEFAULT); });
  REQUIRE(left_loop.run_out());
  other.join();
  CHECK(refused == 0);
  CHECK(left_count == kRounds);
  CHECK(right_count == kRounds);
}
