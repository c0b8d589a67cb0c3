#include "console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "uvspdy/printable.h"

namespace uvspdy::command {
namespace {

constexpr std::chrono::milliseconds kInterval{100};
constexpr std::size_t kBarWidth = 20;

std::size_t terminal_width(int fd) {
  constexpr std::size_t kUsual = 80;
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsual;
  return size.ws_col;
}

std::string size_text(double bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", bytes, kUnits[unit]);
  return text.data();
}

}  // namespace

Console::Console(int fd) : errors_(fd), fd_(fd), terminal_(isatty(fd) == 1) {}

Console::~Console() { finish(); }

void Console::start(std::string_view name, std::uint64_t total) {
  clear();
  started_ = true;
  name_ = printable(name);
  total_ = total;
  done_ = 0;
  start_ = Clock::now();
  last_drawn_ = {};
}

void Console::set_name(std::string_view name) {
  if (terminal_) name_ = printable(name);
}

void Console::add(std::size_t bytes) {
  done_ += bytes;
  if (terminal_ && started_ && Clock::now() - last_drawn_ >= kInterval) draw();
}

void Console::finish() {
  if (terminal_ && started_ && done_ > 0) {
    draw();  // the final state
    errors_.write_words("\n");
  }
  drawn_ = false;
  started_ = false;
}

void Console::line(std::string_view text) {
  clear();
  errors_.write(text);
}

void Console::clear() {
  if (drawn_) errors_.write_words("\r\x1b[K");
  drawn_ = false;
}

void Console::draw() {
  last_drawn_ = Clock::now();
  clear();
  errors_.write_words(bar());
  drawn_ = true;
}

std::string Console::bar() const {
  std::string text;
  const auto done = static_cast<double>(done_);
  if (total_ > 0) {
    const double share = std::min(1.0, done / static_cast<double>(total_));
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(kBarWidth));
    std::array<char, 16> percent{};
    std::snprintf(percent.data(), percent.size(), "%3.0f%%", share * 100);
    text += " [" + std::string(filled, '#') + std::string(kBarWidth - filled, ' ') + "] " +
            percent.data();
  }
  text += " " + size_text(done);
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  if (seconds > 0) text += ", " + size_text(done / seconds) + "/s";
  // One column less than the terminal has, so that the cursor stays on this line.
  const std::size_t width = terminal_width(fd_) - 1;
  if (text.size() >= width) return text.substr(0, width);
  return printable(name_, width - text.size()) + text;
}

}  // namespace uvspdy::command
