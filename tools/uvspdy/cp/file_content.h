#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// Reads up to `room` bytes of a file. Returns 0 at its end. Errors: the system's, with `path`.
Result<std::size_t> read_some(int file, std::span<std::uint8_t> room, const std::string& path);

/// The content of a local file whose size must be known before its bytes are sent. The size that
/// the system tells is 0 for files of /proc, too large for those of /sys, and another one when
/// somebody writes to the file. So the first bytes are read at once; the system's size counts only
/// for files that have more. A file that has more bytes than the system says is put into a
/// temporary file.
struct FileContent {
  /// Reads the first bytes of an open file to `ahead`. `go_on` is called again and again; false
  /// ends a long work. Errors: std::errc::interrupted then, and the system's.
  static Result<FileContent> open(int file, const std::string& path,
                                  std::vector<std::uint8_t>& ahead,
                                  const std::function<bool()>& go_on);

  /// The descriptor with the bytes behind `ahead`.
  int rest(int file) const { return copy ? fileno(copy.get()) : file; }

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::uint64_t size = 0;  ///< with the bytes in `ahead`
  std::unique_ptr<std::FILE, Close> copy{};
};

}  // namespace uvspdy::command
