#pragma once

#include <string>
#include <string_view>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// Replaces a file in two steps: the first does all that is likely to fail, and the old file stays
/// until the second. No reader sees an incomplete file.
class FileReplacement {
 public:
  /// Writes a file that only its owner may read, under a temporary name beside `path`. If `path` is
  /// a symbolic link, the link stays and its target is replaced.
  /// Errors: libuv's; std::errc::invalid_argument if there is something other than a regular file.
  static Result<FileReplacement> write(const std::string& path, std::string_view text);

  /// Removes the temporary file if it was not put in place.
  ~FileReplacement();
  FileReplacement(FileReplacement&& other) noexcept;
  FileReplacement& operator=(FileReplacement&&) = delete;

  /// Renames the temporary file to `path`, once. Errors: libuv's.
  Error put_in_place();

 private:
  FileReplacement(std::string path, std::string target, std::string temporary);

  std::string path_;       // as given, for messages
  std::string target_;     // path_ with links followed
  std::string temporary_;  // empty once it is in place
};

}  // namespace uvspdy::command
