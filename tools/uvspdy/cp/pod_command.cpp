#include "pod_command.h"

#include <utility>

#include "uvspdy/buffer.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/net/error.h"

namespace uvspdy::command {
namespace {

// What we keep of an output that is not read before its stream is paused.
constexpr std::size_t kOutputHighWater = 256 * 1024;

// A longer line of stderr is shown in pieces.
constexpr std::size_t kMaxLine = 4096;

}  // namespace

PodCommand::PodCommand(Pod& pod, std::vector<std::string> words, Input input) : pod_(pod) {
  kube::ExecRequest request = pod.request_;
  request.command = std::move(words);
  request.use_stdin = input == Input::kGiven;
  attempt_ = kube::exec(*pod.server_, std::move(request),
                        {[this](const kube::RemoteCommandStreams& streams) { started(streams); },
                         [this](Result<kube::ExitStatus> status) { exited(std::move(status)); }});
}

PodCommand::~PodCommand() {
  cancel();
  (void)wait();
}

void PodCommand::started(const kube::RemoteCommandStreams& streams) {
  streams_ = streams;
  started_ = true;
  streams_.standard_output->on_data([this](Bytes bytes) {
    if (drop_output_) return;
    arrived_.insert(arrived_.end(), bytes.begin(), bytes.end());
    if (arrived_.size() > kOutputHighWater) streams_.standard_output->pause();
  });
  streams_.standard_error->on_data([this](Bytes bytes) { hear(bytes); });
  if (streams_.standard_input) streams_.standard_input->on_data([](Bytes) {});
}

void PodCommand::exited(Result<kube::ExitStatus> status) {
  status_ = std::move(status);
  hear(bytes_of(words_.empty() ? "" : "\n"));
  if (!*status_ && httpstream::upgrade_failure(status_->error()) == nullptr) {
    if (status_->error().code().value() != UV_ECANCELED) pod_.lost_ = true;
  }
}

void PodCommand::hear(Bytes words) {
  if (pod_.tidying_) return;
  for (const char c : text_of(words)) {
    if (c != '\n') words_ += c;
    if (c != '\n' && words_.size() < kMaxLine) continue;
    pod_.console_.line(words_);
    words_.clear();
  }
}

void PodCommand::turn() {
  if (pod_.stopping_) cancel();
  pod_.turn();
}

Bytes PodCommand::read() {
  read_.clear();
  while (arrived_.empty() && !status_) turn();
  read_.swap(arrived_);
  if (streams_.standard_output) streams_.standard_output->resume();
  return read_;
}

bool PodCommand::write(Bytes bytes) {
  const auto takes_more = [this] {
    return !status_ && !(started_ && streams_.standard_input->is_closed());
  };
  while (takes_more() && !(started_ && streams_.standard_input->writable())) turn();
  return takes_more() && !streams_.standard_input->write(Buffer::copy_of(bytes));
}

void PodCommand::close_input() {
  while (!started_ && !status_) turn();
  if (started_ && !status_) (void)streams_.standard_input->close();
}

const Result<kube::ExitStatus>& PodCommand::wait() {
  drop_output_ = true;
  if (streams_.standard_output) streams_.standard_output->resume();
  while (!status_) turn();
  return *status_;
}

void PodCommand::cancel() { attempt_.cancel(); }

}  // namespace uvspdy::command
