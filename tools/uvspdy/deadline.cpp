#include "deadline.h"

#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "line_writer.h"
#include "uvspdy/kube/process/exit_code.h"

namespace uvspdy::command {
namespace {

using Clock = std::chrono::steady_clock;

// Of the process, as its signals are.
struct Deadline {
  std::optional<Clock::time_point> end;
  // The line that says so, for the signal handler, which may use nothing that allocates.
  std::array<char, 128> line{};
  std::size_t size = 0;
};

Deadline& deadline() {
  static Deadline of_process;
  return of_process;
}

volatile std::sig_atomic_t is_watched = 0;
volatile std::sig_atomic_t has_grace = 0;
volatile std::sig_atomic_t is_told = 0;  // or nobody is to be told any more

void at_alarm(int /*signal*/) {
  if (is_watched != 0 && has_grace == 0) {
    has_grace = 1;
    alarm(static_cast<unsigned>(kTimeToEndInOrder.count()));
    return;
  }
  // In a full pipe the line would wait for ever.
  pollfd error_output{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (is_told == 0 && poll(&error_output, 1, 0) == 1) {
    (void)!write(STDERR_FILENO, deadline().line.data(), deadline().size);
  }
  _exit(kTimeIsUpCode);
}

}  // namespace

void start_deadline(const std::string& command, std::chrono::milliseconds time) {
  if (time.count() == 0) return;
  Deadline& own = deadline();
  own.end = Clock::now() + time;
  const std::string line = "uvspdy " + command + ": the time of --timeout is over\n";
  own.size = std::min(line.size(), own.line.size());
  std::copy_n(line.begin(), own.size, own.line.begin());

  struct sigaction action {};
  action.sa_handler = at_alarm;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  // An ignored or blocked signal is inherited from the process that started this one.
  sigset_t alarms;
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  sigprocmask(SIG_UNBLOCK, &alarms, nullptr);
  const auto microseconds = std::chrono::microseconds(time).count();
  constexpr std::int64_t kSecond = 1'000'000;
  const itimerval timer{
      .it_interval = {},
      .it_value = {.tv_sec = microseconds / kSecond, .tv_usec = microseconds % kSecond}};
  setitimer(ITIMER_REAL, &timer, nullptr);
}

int exit_code_of_stop(int signal) {
  return signal == kTimeIsUp ? kTimeIsUpCode : kube::exit_code_of_signal(signal);
}

struct DeadlineWatch::State {
  uv_timer_t timer{};
  Callback<void()> on_time_is_up;
};

void DeadlineWatch::start(uv_loop_t* loop, Callback<void()> on_time_is_up) {
  if (!deadline().end) return;
  is_watched = 1;
  auto state = std::make_unique<State>();
  uv_timer_init(loop, &state->timer);
  state->timer.data = state.get();
  state->on_time_is_up = std::move(on_time_is_up);
  state_.reset(state.release());
  void* const handle = &state_->timer;
  uv_unref(static_cast<uv_handle_t*>(handle));
  uv_update_time(loop);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline().end - Clock::now());
  uv_timer_start(
      &state_->timer,
      [](uv_timer_t* timer) {
        // After the handler, which may have a terminal to restore.
        const std::string line(deadline().line.data(), deadline().size - 1);
        is_told = 1;
        static_cast<State*>(timer->data)->on_time_is_up();
        LineWriter(STDERR_FILENO).write(line);
      },
      static_cast<std::uint64_t>(std::max<std::int64_t>(left.count(), 0)), 0);
}

void DeadlineWatch::stop() {
  is_told = 1;
  state_.reset();
}

void DeadlineWatch::Close::operator()(State* state) const {
  void* const handle = &state->timer;
  uv_close(static_cast<uv_handle_t*>(handle),
           [](uv_handle_t* closed) { std::unique_ptr<State>(static_cast<State*>(closed->data)); });
}

}  // namespace uvspdy::command
