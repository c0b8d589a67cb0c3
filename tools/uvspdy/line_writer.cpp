#include "line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <climits>
#include <utility>

#include "uvspdy/printable.h"

namespace uvspdy::command {
namespace {

// A pipe that poll() calls writable has room for this many bytes.
constexpr std::size_t kMaxWrite = PIPE_BUF;

bool has_room(int fd) {
  pollfd asked{.fd = fd, .events = POLLOUT, .revents = 0};
  return poll(&asked, 1, 0) == 1 && (asked.revents & POLLOUT) != 0;
}

}  // namespace

void LineWriter::write(std::string_view line) const {
  if (!has_room(state_->fd)) {
    ++state_->dropped;
    return;
  }
  const std::string text = left_out();
  put(text + printable(line, kMaxWrite - 1 - text.size()) + "\n");
}

void LineWriter::write_words(std::string_view words) const {
  while (!words.empty()) {
    if (!has_room(state_->fd)) {
      ++state_->dropped;
      return;
    }
    const std::string text = left_out();
    const std::string_view piece = words.substr(0, kMaxWrite - text.size());
    put(text + std::string(piece));
    words.remove_prefix(piece.size());
  }
}

std::string LineWriter::left_out() const {
  const std::size_t dropped = std::exchange(state_->dropped, 0);
  if (dropped == 0) return {};
  return "(" + std::to_string(dropped) + " lines that nobody read left out)\n";
}

// Errors are ignored: the reader has gone.
void LineWriter::put(const std::string& text) const {
  (void)!::write(state_->fd, text.data(), text.size());
}

}  // namespace uvspdy::command
