#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// A temporary local folder, beside the target of its content and so on the same file system, where
/// a rename suffices. The destructor removes it with all that is left in it.
class StagingFolder {
 public:
  /// Makes a folder beside `target`, the later path of the content (or the folder for it). If
  /// the folder above `target` does not exist, takes the nearest folder above that does.
  /// `breathe` is called again and again while the destructor works. Errors: those of mkdtemp.
  static Result<StagingFolder> make(const std::filesystem::path& target,
                                    std::function<void()> breathe);

  ~StagingFolder();
  StagingFolder(StagingFolder&& other) noexcept;
  StagingFolder& operator=(StagingFolder&&) = delete;

  /// The path at which to put the copied file, folder or link; no part of it is a symbolic link.
  std::string content() const { return (folder_ / "content").string(); }

  /// Renames the content to its target. A file goes into `target` as `name` if that is a folder,
  /// else it becomes `target` and replaces a file there. A folder is merged into an existing
  /// folder: files replace files, everything else there stays. It is an error, and nothing is
  /// moved, if a folder is where a file must go, or a file or link where a folder must go. No link
  /// is followed: a link in the place of `name` or of a file in the folder is replaced; if `target`
  /// itself is a link, only another link may replace it. Errors: std::errc::file_exists for these,
  /// and the system's.
  Error move_to(const std::filesystem::path& target, const std::string& name) const;

 private:
  StagingFolder(std::filesystem::path folder, std::function<void()> breathe)
      : folder_(std::move(folder)), breathe_(std::move(breathe)) {}

  std::filesystem::path folder_;
  std::function<void()> breathe_;
};

}  // namespace uvspdy::command
