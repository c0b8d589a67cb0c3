#include "pod.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>

#include "exit_text.h"
#include "pod_command.h"
#include "pod_files.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::command {
namespace {

// The most bytes that `run` keeps of a command's output.
constexpr std::size_t kMaxOutput = 4096;

// How much of kTimeToEnd is kept for the connections' end.
constexpr std::chrono::milliseconds kGoodbye{100};

}  // namespace

Pod::Pod(uv_loop_t* loop, std::shared_ptr<kube::ApiServer> server, kube::ExecRequest request,
         Console& console)
    : loop_(loop), server_(std::move(server)), request_(std::move(request)), console_(console) {}

Error Pod::watch_signals() {
  return signals_.start(loop_, [this](int signal) { stop(signal); });
}

void Pod::stop(int signal) {
  if (is_hurried()) die_of(signal);
  signal_ = signal;
  stopped_at_ = uv_hrtime();
  if (!tidying_limit_) {
    stopping_ = true;
  } else if (is_hurried()) {
    tidying_limit_->start(time_to_end() - kGoodbye);
  }
}

std::chrono::milliseconds Pod::time_to_end() const {
  if (!is_hurried()) return kTimeToEnd;
  const std::chrono::nanoseconds passed(uv_hrtime() - stopped_at_);
  const auto left = kTimeToEnd - std::chrono::duration_cast<std::chrono::milliseconds>(passed);
  return std::max(left, kGoodbye);
}

void Pod::turn() {
  uv_run(loop_, UV_RUN_ONCE);
  last_turn_ = uv_hrtime();
}

bool Pod::go_on() {
  constexpr std::uint64_t kLongestWork = 20'000'000;
  if (uv_hrtime() - last_turn_ >= kLongestWork) {
    uv_run(loop_, UV_RUN_NOWAIT);
    last_turn_ = uv_hrtime();
  }
  return !stopping_;
}

Result<kube::ExitStatus> Pod::run(std::vector<std::string> words, std::string* output,
                                  std::function<void(std::string_view line)> on_line) {
  PodCommand command(*this, std::move(words), PodCommand::Input::kNone, std::move(on_line));
  for (Bytes bytes = command.read(); !bytes.empty(); bytes = command.read()) {
    if (output != nullptr && output->size() < kMaxOutput) *output += text_of(bytes);
  }
  return command.wait();
}

Error Pod::run_well(std::vector<std::string> words, std::string* output) {
  const std::string name = words.front();
  const Result<kube::ExitStatus> status = run(std::move(words), output);
  Error failure = failure_of(status);
  if (!is_missing(status)) return failure;
  return Error(failure.code(),
               "the pod has no " + name + ", which this copy needs: " + failure.message());
}

bool Pod::tidy_up(std::vector<std::string> words) {
  if (is_hurried()) tidying_left_ = std::min(tidying_left_, time_to_end() - kGoodbye);
  if (tidying_left_.count() <= 0) return false;
  const bool lost = lost_;
  stopping_ = false;
  uv_update_time(loop_);
  const std::uint64_t start = uv_now(loop_);
  bool succeeded = false;
  {
    PodCommand command(*this, std::move(words), PodCommand::Input::kNone, [](std::string_view) {});
    tidying_limit_.emplace(loop_, [&command] { command.cancel(); });
    tidying_limit_->start(tidying_left_);
    succeeded = !failure_of(command.wait());
    tidying_limit_.reset();
  }
  tidying_left_ -= std::chrono::milliseconds(uv_now(loop_) - start);
  stopping_ = signal_ != 0;
  lost_ = lost;
  return succeeded;
}

void Pod::sleep(std::chrono::milliseconds time) {
  bool over = false;
  net::Timer timer(loop_, [&over] { over = true; });
  timer.start(time);
  while (!over && !stopping_) turn();
}

Error failure_of(const Result<kube::ExitStatus>& status) {
  if (!status) return Error(status.error().code(), kube::describe(status.error()));
  if (status->code == 0) return {};
  return Error(std::make_error_code(std::errc::io_error), exit_text(*status));
}

}  // namespace uvspdy::command
