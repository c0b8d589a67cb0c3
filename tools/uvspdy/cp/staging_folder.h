#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// A temporary local folder, where possible on the file system of the target of its content, so
/// that a rename suffices. The destructor removes it with all that is left in it.
class StagingFolder {
 public:
  /// Makes a folder beside `target`, the later path of the content, or in `target` if that is a
  /// folder. If the folder above `target` does not exist, takes the nearest folder above that does.
  /// If `target` is a folder that may not be written to, and one of the three levels of folders in
  /// it may be, takes the system's folder for temporary files. `go_on` is called again and again
  /// in long work; if it returns false, `move_to` ends. Errors: those of mkdtemp.
  static Result<StagingFolder> make(const std::filesystem::path& target,
                                    std::function<bool()> go_on);

  ~StagingFolder();
  StagingFolder(StagingFolder&& other) noexcept;
  StagingFolder& operator=(StagingFolder&&) = delete;

  /// The path at which to put the copied file, folder or link; no part of it is a symbolic link.
  std::string content() const { return (folder_ / "content").string(); }

  /// Moves the content to its target, and returns its path there. Where a rename is not possible,
  /// as to another file system, each file is copied beside its target and gets its name when it is
  /// complete; hard links become files of their own then. A file goes into `target` as `name` if
  /// that is a folder, else it becomes `target` and replaces a file there. A folder is merged into
  /// an existing folder: files replace files, everything else there stays. It is an error, and
  /// nothing is moved, if a folder is where a file must go, or a file or link where a folder must
  /// go. No link is followed: a link in the place of `name` or of a file in the folder is replaced;
  /// if `target` itself is a link, only another link may replace it. Errors: std::errc::file_exists
  /// for these, std::errc::interrupted, and the system's.
  Result<std::filesystem::path> move_to(const std::filesystem::path& target,
                                        const std::string& name) const;

 private:
  StagingFolder(std::filesystem::path folder, std::function<bool()> go_on)
      : folder_(std::move(folder)), go_on_(std::move(go_on)) {}

  std::filesystem::path folder_;
  std::function<bool()> go_on_;
};

}  // namespace uvspdy::command
