#include "pod_command.h"

#include <algorithm>
#include <initializer_list>
#include <system_error>
#include <utility>

#include "uvspdy/buffer.h"
#include "uvspdy/httpstream/error.h"
#include "uvspdy/kube/protocol/error.h"
#include "uvspdy/net/error.h"
#include "uvspdy/session/error.h"

namespace uvspdy::command {
namespace {

// The stream is paused when this many bytes of output are buffered.
constexpr std::size_t kOutputHighWater = 256 * 1024;

// A longer line of stderr is printed in pieces.
constexpr std::size_t kMaxLine = 4096;

template <class Code>
bool is_one_of(const std::error_code& code, std::initializer_list<Code> codes) {
  return std::any_of(codes.begin(), codes.end(), [&](Code each) { return code == each; });
}

bool is_one_of(const std::error_code& code, std::initializer_list<uv_errno_t> numbers) {
  return code.category() == net::uv_category() &&
         std::any_of(numbers.begin(), numbers.end(),
                     [&](uv_errno_t each) { return code.value() == each; });
}

// Whether the connection to the server, which was reached before, was lost or not made in time. A
// refusal by a server or proxy is not counted: it would be the same at another attempt.
bool is_connection_lost(const std::error_code& code) {
  using Http = httpstream::Errc;
  using Net = net::Errc;
  using Session = session::Errc;
  return code == kube::Errc::kNoStatus ||
         is_one_of(code, {Session::kConnectionLost, Session::kConnectionClosed, Session::kGoneAway,
                          Session::kCreateTimeout, Session::kIdleTimeout,
                          Session::kFlowControlUnknown, Session::kPeerDead}) ||
         is_one_of(code, {Http::kTimeout, Http::kConnectionLost, Http::kProxyTimeout}) ||
         is_one_of(code, {Net::kTimeout, Net::kTlsTimeout, Net::kTlsHandshake, Net::kTruncated}) ||
         is_one_of(code, {UV_ECONNREFUSED, UV_ECONNRESET, UV_ECONNABORTED, UV_EPIPE, UV_ENOTCONN,
                          UV_ETIMEDOUT, UV_EHOSTUNREACH, UV_ENETUNREACH, UV_ENETDOWN, UV_EAI_AGAIN,
                          UV_EOF});
}

}  // namespace

PodCommand::PodCommand(Pod& pod, std::vector<std::string> words, Input input) : pod_(pod) {
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
  if (!finishing_) output_ = std::move(streams.standard_output);
  output_.on_data([this](Bytes bytes) { arrive(bytes); });
  error_output_ = std::move(streams.standard_error);
  error_output_.on_data([this](Bytes bytes) { hear(bytes); });
}

void PodCommand::exited(Result<kube::ExitStatus> status) {
  status_ = std::move(status);
  hear(bytes_of(words_.empty() ? "" : "\n"));
  if (!*status_ && is_connection_lost(status_->error().code())) pod_.lost_ = true;
}

void PodCommand::arrive(Bytes bytes) {
  arrived_.insert(arrived_.end(), bytes.begin(), bytes.end());
  if (arrived_.size() > kOutputHighWater) output_.pause();
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
  output_ = {};
  while (!status_) turn();
}

const Result<kube::ExitStatus>& PodCommand::wait() {
  finish();
  return *status_;
}

void PodCommand::cancel() { attempt_.cancel(); }

}  // namespace uvspdy::command
