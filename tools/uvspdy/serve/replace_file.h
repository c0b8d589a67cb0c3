#pragma once

#include <string>
#include <string_view>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// A file that takes another one's place, in two steps: what can fail is done in the first, and
/// what was there stays until the second. Nobody ever sees half of it.
class FileReplacement {
 public:
  /// Writes what only its owner may read, under a temporary name beside `path`. A symbolic link
  /// stays one, and what it leads to is replaced.
  /// Errors: libuv's; std::errc::invalid_argument for what is no regular file.
  static Result<FileReplacement> write(const std::string& path, std::string_view text);

  /// Removes what was not put in place.
  ~FileReplacement();
  FileReplacement(FileReplacement&& other) noexcept;
  FileReplacement& operator=(FileReplacement&&) = delete;

  /// Renames it to `path`; once. Errors: libuv's.
  Error put_in_place();

 private:
  FileReplacement(std::string path, std::string target, std::string temporary);

  std::string path_;       // as it was given
  std::string target_;     // links followed
  std::string temporary_;  // empty: it is in place
};

}  // namespace uvspdy::command
