#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace uvspdy::command {

/// What a running command says: lines, made printable, that nobody may hold us up with. One for
/// which the reader has left no room is dropped, and the next that is written says how many were.
///
/// Copies are one writer. Only a command's last words wait for their reader (report.h): they are
/// behind all that others wait for.
class LineWriter {
 public:
  explicit LineWriter(int fd) : state_(std::make_shared<State>()) { state_->fd = fd; }

  void write(std::string_view line) const;

  /// The same for what is to come out as it is, such as the questions of a program that we run.
  void write_words(std::string_view words) const;

 private:
  struct State {
    int fd = -1;
    std::size_t dropped = 0;
  };
  std::string left_out() const;
  void put(const std::string& text) const;

  std::shared_ptr<State> state_;
};

}  // namespace uvspdy::command
