#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "line_writer.h"

namespace uvspdy::command {

/// What `cp` says on stderr: lines, and, when that is a terminal, a progress bar below them. Nobody
/// holds up the copy by not reading it.
class Console {
 public:
  Console();
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Whether a bar is shown at all: then a total is worth finding out.
  bool shows_progress() const { return terminal_; }

  /// Starts a bar anew; total 0: not known.
  void start(std::string_view name, std::uint64_t total);

  /// What is being copied now, for a total that is not known.
  void set_name(std::string_view name);

  /// So many bytes more. Draws ten times a second at most.
  void add(std::size_t bytes);

  /// The bar goes away.
  void finish();

  /// A line, made printable.
  void line(std::string_view text);

 private:
  using Clock = std::chrono::steady_clock;

  void clear();
  void draw();
  std::string bar() const;

  LineWriter errors_{STDERR_FILENO};
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
