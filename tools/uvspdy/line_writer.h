#pragma once

#include <cstddef>
#include <string_view>

namespace uvspdy::command {

/// Writes lines, made printable, that nobody may hold us up with: one for which the reader has left
/// no room is dropped, and the next that is written says how many were.
class LineWriter {
 public:
  explicit LineWriter(int fd) : fd_(fd) {}

  void write(std::string_view line);

 private:
  int fd_;
  std::size_t dropped_ = 0;
};

}  // namespace uvspdy::command
