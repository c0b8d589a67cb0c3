#include "loop.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "uvspdy/net/error.h"

namespace uvspdy::command {
namespace {

// libuv aborts the process when it cannot get the descriptors or threads that it needs at start-up.
// So they are requested here before, and given back.

Error check_descriptors() {
  // One pair for signal handlers, one for a loop's signals, one for its epoll and eventfd.
  constexpr std::size_t kPairs = 3;
  std::array<std::array<uv_file, 2>, kPairs> pipes{};
  std::size_t opened = 0;
  int status = 0;
  while (opened < kPairs && status == 0) {
    status = uv_pipe(pipes[opened].data(), 0, 0);
    if (status == 0) ++opened;
  }
  for (std::size_t i = 0; i < opened; ++i) {
    for (const uv_file fd : pipes[i]) {
      uv_fs_t request;
      uv_fs_close(nullptr, &request, fd, nullptr);
      uv_fs_req_cleanup(&request);
    }
  }
  if (status == 0) return {};
  Error error = net::uv_error(status, "start an event loop");
  return Error(error.code(), error.message() + "; allow more descriptors (ulimit -n)");
}

// The size of libuv's thread pool, as libuv determines it.
std::size_t thread_pool_size() {
  constexpr long kUsual = 4;
  constexpr long kMost = 1024;
  const char* given = std::getenv("UV_THREADPOOL_SIZE");
  return static_cast<std::size_t>(
      given == nullptr ? kUsual : std::clamp(std::strtol(given, nullptr, 10), 1L, kMost));
}

Error too_few_threads(int status) {
  Error error = net::uv_error(status, "start threads");
  return Error(error.code(), error.message() + "; allow more processes (ulimit -u)");
}

Error check_threads() {
  uv_sem_t all_there;
  if (const int status = uv_sem_init(&all_there, 0); status < 0) return too_few_threads(status);
  std::vector<uv_thread_t> threads;
  int status = 0;
  for (std::size_t left = thread_pool_size(); left > 0 && status == 0; --left) {
    uv_thread_t thread{};
    status = uv_thread_create(
        &thread, [](void* wait_for) { uv_sem_wait(static_cast<uv_sem_t*>(wait_for)); }, &all_there);
    if (status == 0) threads.push_back(thread);
  }
  for (std::size_t i = 0; i < threads.size(); ++i) uv_sem_post(&all_there);
  for (uv_thread_t& thread : threads) uv_thread_join(&thread);
  uv_sem_destroy(&all_there);
  return status == 0 ? Error() : too_few_threads(status);
}

}  // namespace

void Loop::Close::operator()(uv_loop_t* loop) const {
  const std::unique_ptr<uv_loop_t> memory(loop);
  uv_run(loop, UV_RUN_DEFAULT);  // runs the close callbacks of handles that were closed last
  uv_loop_close(loop);
}

void Loop::run_out(std::chrono::milliseconds limit, int exit_code,
                   OnceCallback<void()> before_exit) {
  uv_update_time(get());  // the command may not have run the loop for some time
  struct Limit {
    uv_timer_t timer{};
    bool is_over = false;
  };
  auto time = std::make_unique<Limit>();
  uv_timer_init(get(), &time->timer);
  time->timer.data = time.get();
  const auto over = [](uv_timer_t* timer) {
    static_cast<Limit*>(timer->data)->is_over = true;
    uv_stop(timer->loop);
  };
  uv_timer_start(&time->timer, over, static_cast<std::uint64_t>(limit.count()), 0);
  void* const handle = &time->timer;
  uv_unref(static_cast<uv_handle_t*>(handle));
  run();
  if (time->is_over) {
    before_exit();
    std::fflush(nullptr);
    std::_Exit(exit_code);
  }
  uv_close(static_cast<uv_handle_t*>(handle),
           [](uv_handle_t* closed) { std::unique_ptr<Limit>(static_cast<Limit*>(closed->data)); });
  (void)time.release();  // freed by the close callback
}

Result<Loop> Loop::open() {
  if (Error error = check_descriptors()) return error;
  auto memory = std::make_unique<uv_loop_t>();
  if (const int status = uv_loop_init(memory.get()); status < 0) {
    return net::uv_error(status, "start an event loop");
  }
  Loop loop;
  loop.loop_.reset(memory.release());
  return loop;
}

Result<Loop> Loop::open_with_threads() {
  Result<Loop> loop = open();
  if (!loop) return loop;
  if (Error error = check_threads()) return error;
  // Starts libuv's threads now, before others use them up.
  uv_work_t nothing{};
  const int status = uv_queue_work(
      loop->get(), &nothing, [](uv_work_t*) {}, nullptr);
  if (status < 0) return too_few_threads(status);
  loop->run();
  return loop;
}

}  // namespace uvspdy::command
