#pragma once

#include <filesystem>
#include <string>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// A temporary folder on this side, beside where what it holds will be: on the same file system, so
/// that a rename is all that it takes. It is removed at the end, with what is left in it.
class StagingFolder {
 public:
  /// For what shall be called `target`, or be in it when that is a folder. Where the folder above
  /// it is not there, beside the nearest that is.
  /// Errors: those of mkdtemp.
  static Result<StagingFolder> make(const std::filesystem::path& target);

  ~StagingFolder();
  StagingFolder(StagingFolder&& other) noexcept;
  StagingFolder& operator=(StagingFolder&&) = delete;

  /// Where to put the file, folder or link that is copied; without symbolic links in it.
  std::string content() const { return (folder_ / "content").string(); }

  /// Renames it to where it shall be: a file into `target` if that is a folder (then it is called
  /// `name`), else to `target`, in place of a file that is there. A folder is merged into a folder
  /// that is there: files take the place of files, everything else there stays. Nothing is done if
  /// not all can be done: a folder where a file must go, a file or a link where a folder must. No
  /// link is followed: one in the place of `name` or of a file in the folder is replaced; where
  /// `target` itself is one, only another link takes its place.
  /// Errors: those, and the system's.
  Error move_to(const std::filesystem::path& target, const std::string& name);

 private:
  explicit StagingFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path folder_;
};

}  // namespace uvspdy::command
