#include "line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <climits>
#include <string>

#include "uvspdy/printable.h"

namespace {

// A pipe that can be written to has room for so much.
constexpr std::size_t kMaxWrite = PIPE_BUF;

bool has_room(int fd) {
  pollfd asked{.fd = fd, .events = POLLOUT, .revents = 0};
  return poll(&asked, 1, 0) == 1 && (asked.revents & POLLOUT) != 0;
}

}  // namespace

void LineWriter::write(std::string_view line) {
  if (!has_room(fd_)) {
    ++dropped_;
    return;
  }
  std::string text;
  if (dropped_ > 0) text = "(" + std::to_string(dropped_) + " lines that nobody read left out)\n";
  text += uvspdy::printable(line, kMaxWrite - 1 - text.size()) + "\n";
  // Whoever has gone does not miss it.
  (void)!::write(fd_, text.data(), text.size());
  dropped_ = 0;
}
