#include "uvspdy/callback.h"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "support/catch.h"
#include "support/death.h"

using uvspdy::Callback;
using uvspdy::OnceCallback;

static_assert(!std::is_copy_constructible_v<Callback<void()>>);
static_assert(!std::is_copy_constructible_v<OnceCallback<void()>>);
static_assert(std::is_nothrow_move_constructible_v<Callback<void(int)>>);
static_assert(sizeof(Callback<void(int)>) == sizeof(void*));
// One kind is not silently taken for the other.
static_assert(!std::is_constructible_v<Callback<void()>, OnceCallback<void()>>);
static_assert(!std::is_constructible_v<OnceCallback<void()>, Callback<void()>>);

TEST_CASE("Callback: keeps its state from call to call") {
  int last = 0;
  const Callback<void()> count([&last, calls = 0]() mutable { last = ++calls; });
  count();
  count();
  CHECK(last == 2);
}

TEST_CASE("Callback: may own what can only be moved") {
  int got = 0;
  Callback<void(std::unique_ptr<int>)> callback(
      [&got, own = std::make_unique<int>(40)](std::unique_ptr<int> more) { got = *own + *more; });
  const Callback<void(std::unique_ptr<int>)> moved = std::move(callback);
  CHECK_FALSE(callback);
  moved(std::make_unique<int>(2));
  CHECK(got == 42);
}

TEST_CASE("Callback: empty means nobody, and destroys what it is given") {
  const auto given = std::make_shared<int>(1);
  const Callback<void(std::shared_ptr<int>)> nobody;
  nobody(given);
  CHECK_FALSE(nobody);
  CHECK(given.use_count() == 1);
  CHECK_FALSE(Callback<void()>(nullptr));
  CHECK_FALSE(Callback<void()>(std::function<void()>()));
  using Plain = void (*)();
  CHECK_FALSE(Callback<void()>(Plain{}));
  OnceCallback<void()> once;
  once();
  CHECK_FALSE(once);
}

TEST_CASE("Callback: may replace itself while it runs") {
  std::string calls;
  Callback<void()> callback;
  callback = [&, kept = std::make_unique<std::string>("first ")] {
    callback = [&] { calls += "second "; };
    calls += *kept;
  };
  callback();
  callback();
  CHECK(calls == "first second ");
}

TEST_CASE("Callback: may destroy itself while it runs") {
  auto callback = std::make_unique<Callback<void()>>();
  std::string got;
  *callback = [&, kept = std::make_unique<std::string>("whole")] {
    callback.reset();
    got = *kept;
  };
  (*callback)();
  CHECK(got == "whole");
}

TEST_CASE("OnceCallback: runs once, and is empty from when it does") {
  int calls = 0;
  bool empty = false;
  OnceCallback<void()> once;
  once = [&] {
    ++calls;
    empty = !once;
    once();
  };
  once();
  once();
  CHECK(calls == 1);
  CHECK(empty);
}

TEST_CASE("Callback: what dies with a target may use the callback") {
  // As an owner of something does whose destructor sets another handler.
  int calls = 0;
  struct Setter {
    Callback<void()>* place;
    int* calls;
    ~Setter() {
      if (place != nullptr) *place = [this_calls = calls] { ++*this_calls; };
    }
    Setter(Callback<void()>* at, int* count) : place(at), calls(count) {}
    Setter(Setter&& other) noexcept
        : place(std::exchange(other.place, nullptr)), calls(other.calls) {}
    void operator()() const {}
  };
  Callback<void()> callback;
  callback = Setter(&callback, &calls);
  callback = nullptr;
  callback();
  CHECK(calls == 1);
}

TEST_CASE("Callback: an exception ends the process and names the handler") {
  const std::string text = uvspdy::test::text_of_death(
      [] { Callback<void(int)>([](int) { throw std::runtime_error("no more of it"); })(1); });
  CHECK(text.find("no more of it") != std::string::npos);
  CHECK(text.find("void (int)") != std::string::npos);
  CHECK(text.find("lambda") != std::string::npos);
}
