#include "pod.h"

#include <cstdint>
#include <system_error>
#include <utility>

#include "pod_command.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::command {
namespace {

// The most bytes that `run` keeps of a command's output.
constexpr std::size_t kMaxOutput = 4096;

}  // namespace

Pod::Pod(uv_loop_t* loop, std::shared_ptr<kube::ApiServer> server, kube::ExecRequest request,
         Console& console)
    : loop_(loop), server_(std::move(server)), request_(std::move(request)), console_(console) {}

Error Pod::watch_signals() {
  return signals_.start(loop_, [this](int signal) {
    if (std::exchange(signal_, signal) != 0) die_of(signal);
    stopping_ = true;
  });
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

Result<kube::ExitStatus> Pod::run(std::vector<std::string> words, std::string* output) {
  PodCommand command(*this, std::move(words));
  for (Bytes bytes = command.read(); !bytes.empty(); bytes = command.read()) {
    if (output != nullptr && output->size() < kMaxOutput) *output += text_of(bytes);
  }
  return command.wait();
}

Error Pod::run_well(std::vector<std::string> words, std::string* output) {
  return failure_of(run(std::move(words), output));
}

void Pod::tidy_up(std::vector<std::string> words) {
  const bool lost = lost_;
  stopping_ = false;
  tidying_ = true;
  if (tidying_left_.count() > 0) {
    uv_update_time(loop_);
    const std::uint64_t start = uv_now(loop_);
    PodCommand command(*this, std::move(words));
    net::Timer limit(loop_, [&command] { command.cancel(); });
    limit.start(tidying_left_);
    command.finish();
    tidying_left_ -= std::chrono::milliseconds(uv_now(loop_) - start);
  }
  tidying_ = false;
  stopping_ = signal_ != 0;
  lost_ = lost;
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
  return Error(std::make_error_code(std::errc::io_error), status->message);
}

}  // namespace uvspdy::command
