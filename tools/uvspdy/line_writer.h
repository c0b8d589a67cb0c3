#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace uvspdy::command {

/// Writes a running command's messages to a descriptor, as printable lines, without ever blocking:
/// a line for which the pipe has no room is dropped, and the next line says how many were dropped.
///
/// Copies are the same writer. For messages at a command's end, when blocking harms nobody, see
/// report.h.
class LineWriter {
 public:
  explicit LineWriter(int fd) : state_(std::make_shared<State>()) { state_->fd = fd; }

  void write(std::string_view line) const;

  /// Writes text as it is, not as a line, such as the questions of a credential plugin.
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
