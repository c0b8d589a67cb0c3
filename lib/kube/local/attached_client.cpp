#include "kube/local/attached_client.h"

#include <string_view>

namespace uvspdy::kube {
namespace {

using httpstream::HalfState;

// Small pieces are gathered in blocks of this size, so that waiting() is the memory in use.
constexpr std::size_t kBlockSize = 32 * 1024;

}  // namespace

AttachedClient::AttachedClient(std::shared_ptr<ServedCommand> command,
                               Callback<void()> on_caught_up)
    : command_(std::move(command)), on_caught_up_(std::move(on_caught_up)) {
  outputs_[0].writer = command_->take_standard_output();
  outputs_[1].writer = command_->take_standard_error();
  for (OutputStream& output : outputs_) {
    output.writer.on_writable([this, &output] { flush(output); });
    output.writer.on_sent([this, &output](const Error&) { forget(output); });
  }
}

void AttachedClient::pump_input(std::unique_ptr<httpstream::Sink> sink) {
  input_ = httpstream::Pump::start(source_of(command_->take_standard_input()), std::move(sink), {});
}

void AttachedClient::leave_input() {
  const auto input = std::move(input_);
  if (input) input->give_up();
}

void AttachedClient::write(Process::Output output, const httpstream::Piece& piece) {
  OutputStream& to = outputs_[static_cast<std::size_t>(output)];
  if (to.writer.state() != HalfState::kOpen) return;
  if (to.kept.empty() && to.writer.writable()) {
    (void)to.writer.write(piece.keep());  // dropped if the stream is over already
    return;
  }
  std::string_view rest = text_of(piece.bytes());
  while (!rest.empty()) {
    if (to.kept.empty() || to.kept.back().size() == kBlockSize) {
      to.kept.emplace_back().reserve(kBlockSize);
    }
    std::string& block = to.kept.back();
    const std::string_view next = rest.substr(0, kBlockSize - block.size());
    block += next;
    rest.remove_prefix(next.size());
  }
}

std::size_t AttachedClient::waiting() const {
  return (outputs_[0].kept.size() + outputs_[1].kept.size()) * kBlockSize;
}

void AttachedClient::flush(OutputStream& output) {
  auto next = output.kept.begin();
  while (next != output.kept.end() && output.writer.writable()) {
    (void)output.writer.write(Buffer(std::move(*next++)));  // cannot fail: there is room
  }
  output.kept.erase(output.kept.begin(), next);
  if (!is_behind()) on_caught_up_();
}

// This output's stream is over: the client has reset it, or has gone.
void AttachedClient::forget(OutputStream& output) {
  const bool was_behind = is_behind();
  output.kept.clear();
  if (was_behind && !is_behind()) on_caught_up_();
}

void AttachedClient::finish(const Status& status) {
  leave_input();
  for (OutputStream& output : outputs_) {
    for (std::string& block : std::exchange(output.kept, {})) {
      (void)output.writer.write(Buffer(std::move(block)));  // dropped if the stream is over
    }
    output.writer.end();
  }
  command_->finish(status);
}

void AttachedClient::drop(const Status& status) {
  leave_input();
  for (OutputStream& output : outputs_) {
    output.kept.clear();
    output.writer.reset();
  }
  command_->finish(status);
}

}  // namespace uvspdy::kube
