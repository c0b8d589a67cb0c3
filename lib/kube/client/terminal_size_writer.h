#pragma once

#include <optional>
#include <string>
#include <utility>

#include "uvspdy/httpstream/stream_writer.h"
#include "uvspdy/kube/protocol/remote_command.h"

namespace uvspdy::kube {

/// Writes a terminal's sizes to the resize stream. While the stream has no room, only the newest
/// size is kept.
class TerminalSizeWriter {
 public:
  explicit TerminalSizeWriter(httpstream::StreamWriter writer) : writer_(std::move(writer)) {
    writer_.on_writable([this] { write_newest(); });
  }
  TerminalSizeWriter(const TerminalSizeWriter&) = delete;
  TerminalSizeWriter& operator=(const TerminalSizeWriter&) = delete;

  void send(TerminalSize size) {
    newest_ = size;
    write_newest();
  }

 private:
  void write_newest() {
    if (!newest_ || !writer_.writable()) return;
    // Cannot fail: a writer with room is open.
    (void)writer_.write(Buffer(to_json(*std::exchange(newest_, std::nullopt))));
  }

  httpstream::StreamWriter writer_;
  std::optional<TerminalSize> newest_;  // not written yet
};

}  // namespace uvspdy::kube
