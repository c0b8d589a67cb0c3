#include "pod_command.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "connection_lost.h"
#include "uvspdy/buffer.h"

namespace uvspdy::command {
namespace {

// The stream is paused when this many bytes of output are buffered.
constexpr std::size_t kOutputHighWater = 256 * 1024;

// A longer line of stderr is printed in pieces.
constexpr std::size_t kMaxLine = 4096;

// How long the status may take once both outputs have ended.
constexpr std::chrono::seconds kStatusTimeout{5};

}  // namespace

PodCommand::PodCommand(Pod& pod, std::vector<std::string> words, Input input, OnLine on_line)
    : pod_(pod),
      name_(words.front()),
      on_line_(std::move(on_line)),
      status_limit_(pod.loop_, [this] {
        is_late_ = true;
        cancel();
      }) {
  kube::ExecRequest request = pod.request_;
  request.command = std::move(words);
  request.use_stdin = input == Input::kGiven;
  attempt_ =
      kube::exec(*pod.server_, request,
                 {[this](kube::RemoteCommandStreams streams) { started(std::move(streams)); },
                  [this](Result<kube::ExitStatus> status) { exited(std::move(status)); }});
}

PodCommand::~PodCommand() {
  cancel();
  finish();
}

void PodCommand::started(kube::RemoteCommandStreams streams) {
  started_ = true;
  input_ = std::move(streams.standard_input);
  output_ = std::move(streams.standard_output);
  output_.on_data([this](Bytes bytes) { arrive(bytes); });
  output_.on_end([this](const Error&) { output_ended(); });
  if (finishing_) output_.discard();
  error_output_ = std::move(streams.standard_error);
  error_output_.on_data([this](Bytes bytes) { hear(bytes); });
  error_output_.on_end([this](const Error&) { output_ended(); });
}

void PodCommand::output_ended() {
  if (--open_outputs_ == 0) status_limit_.start(kStatusTimeout);
}

void PodCommand::exited(Result<kube::ExitStatus> status) {
  status_limit_.stop();
  status_ = std::move(status);
  if (is_late_) {
    status_ = Error(std::make_error_code(std::errc::timed_out),
                    name_ +
                        " has ended its output in the pod, and the server has not sent its exit"
                        " code within " +
                        std::to_string(kStatusTimeout.count()) + " s");
  }
  hear(bytes_of(words_.empty() ? "" : "\n"));
  if (!*status_ && is_connection_lost(status_->error())) pod_.lost_ = true;
}

void PodCommand::arrive(Bytes bytes) {
  arrived_.insert(arrived_.end(), bytes.begin(), bytes.end());
  if (arrived_.size() > kOutputHighWater) output_.pause();
}

void PodCommand::hear(Bytes words) {
  for (const char c : text_of(words)) {
    if (c != '\n') words_ += c;
    if (c != '\n' && words_.size() < kMaxLine) continue;
    if (on_line_) {
      on_line_(words_);
    } else {
      pod_.console_.line(words_);
    }
    words_.clear();
  }
}

void PodCommand::turn() {
  if (pod_.stopping_) cancel();
  pod_.turn();
}

bool PodCommand::takes_more() const {
  return started_ ? input_.state() == httpstream::HalfState::kOpen : !status_;
}

Bytes PodCommand::read() {
  read_.clear();
  while (arrived_.empty() && !status_) turn();
  if (!pod_.go_on()) arrived_.clear();
  read_.swap(arrived_);
  output_.resume();
  return read_;
}

bool PodCommand::write(Bytes bytes) {
  while (takes_more() && !input_.writable()) turn();
  return takes_more() && !input_.write(Buffer::copy_of(bytes));
}

void PodCommand::close_input() {
  while (!started_ && !status_) turn();
  input_.end();
}

void PodCommand::finish() {
  finishing_ = true;
  output_.discard();
  while (!status_) turn();
}

const Result<kube::ExitStatus>& PodCommand::wait() {
  finish();
  return *status_;
}

void PodCommand::cancel() { attempt_.cancel(); }

}  // namespace uvspdy::command
