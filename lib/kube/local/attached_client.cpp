#include "kube/local/attached_client.h"

#include <string_view>
#include <utility>

namespace uvspdy::kube {
namespace {

// Small pieces are gathered in blocks, so that what is counted is what is held.
constexpr std::size_t kBlockSize = 32 * 1024;

}  // namespace

void AttachedClient::start(std::function<void()> on_caught_up) {
  on_caught_up_ = std::move(on_caught_up);
  outputs_[0].stream = session_->standard_output();
  outputs_[1].stream = session_->standard_error();
  const auto self = shared_from_this();
  for (OutputStream& output : outputs_) {
    if (!output.stream) continue;
    output.stream->on_writable([self, &output] { self->flush(output); });
    output.stream->on_close([self, &output](const Error&) { self->forget(output); });
  }
}

void AttachedClient::write(Process::Output output, const Buffer& buffer) {
  OutputStream& to = outputs_[static_cast<std::size_t>(output)];
  if (!to.stream || to.stream->is_closed()) return;
  if (to.kept.empty() && to.stream->writable()) {
    (void)to.stream->write(buffer);
    return;
  }
  std::string_view rest = text_of(buffer.bytes());
  while (!rest.empty()) {
    if (to.kept.empty() || to.kept.back().size() == kBlockSize) {
      to.kept.emplace_back().reserve(kBlockSize);
    }
    std::string& block = to.kept.back();
    const std::string_view piece = rest.substr(0, kBlockSize - block.size());
    block += piece;
    rest.remove_prefix(piece.size());
  }
}

std::size_t AttachedClient::waiting() const {
  std::size_t bytes = 0;
  for (const OutputStream& output : outputs_) {
    bytes += output.kept.size() * kBlockSize;
    if (!output.stream) continue;
    if (const auto stats = output.stream->stats()) bytes += stats->queued_bytes;
  }
  return bytes;
}

void AttachedClient::flush(OutputStream& output) {
  auto next = output.kept.begin();
  while (next != output.kept.end() && output.stream->writable()) {
    (void)output.stream->write(Buffer(std::move(*next++)));
  }
  output.kept.erase(output.kept.begin(), next);
  if (!is_behind()) on_caught_up_();
}

// The client has taken this output away.
void AttachedClient::forget(OutputStream& output) {
  const bool was_behind = is_behind();
  output.kept.clear();
  if (was_behind && !is_behind()) on_caught_up_();
}

void AttachedClient::finish(const Status& status) {
  for (OutputStream& output : outputs_) {
    for (std::string& block : output.kept) (void)output.stream->write(Buffer(std::move(block)));
    output.kept.clear();
  }
  session_->finish(status);
}

void AttachedClient::drop(const Status& status) {
  for (OutputStream& output : outputs_) {
    if (output.stream) output.stream->reset();
    output.kept.clear();
  }
  session_->finish(status);
}

}  // namespace uvspdy::kube
