#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "line_writer.h"

namespace uvspdy::command {

/// The messages of `cp`, on stderr: lines and, if it is a terminal, a progress bar below them.
/// It never blocks the copy.
class Console {
 public:
  explicit Console(int fd = STDERR_FILENO);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Whether a bar is shown, so that finding out the total is worth while.
  bool shows_progress() const { return terminal_; }

  /// Starts a new bar; a total of 0 is not known.
  void start(std::string_view name, std::uint64_t total);

  /// Sets the name of the file being copied, shown if the total is not known.
  void set_name(std::string_view name);

  /// Adds copied bytes. Draws at most ten times a second.
  void add(std::size_t bytes);

  /// Removes the bar.
  void finish();

  /// Writes a line, made printable.
  void line(std::string_view text);

 private:
  using Clock = std::chrono::steady_clock;

  void clear();
  void draw();
  std::string bar() const;

  LineWriter errors_;
  int fd_;
  bool terminal_;
  bool started_ = false;
  bool drawn_ = false;
  std::string name_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  Clock::time_point start_{};
  Clock::time_point last_drawn_{};
};

}  // namespace uvspdy::command
