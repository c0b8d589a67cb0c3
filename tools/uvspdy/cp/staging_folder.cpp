#include "staging_folder.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "move.h"
#include "remove_tree.h"

namespace uvspdy::command {

namespace fs = std::filesystem;

namespace {

Error refused(std::string text) {
  return Error(std::make_error_code(std::errc::file_exists), std::move(text));
}

Error failed(const std::error_code& error, const std::string& what) {
  return Error(error, what + ": " + error.message());
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(fs::symlink_status(path, ignored));
}

bool is_link(const fs::path& path) {
  std::error_code ignored;
  return fs::is_symlink(fs::symlink_status(path, ignored));
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

fs::path without_trailing_slash(const fs::path& path) {
  return path.has_filename() || !path.has_relative_path() ? path : path.parent_path();
}

enum class Merging { kTry, kDo };

// Moves a folder's content into an existing folder, or (kTry) only checks that this is possible.
Error merge(const fs::path& from, const fs::path& to, Merging merging,
            const std::function<bool()>& go_on) {
  std::error_code error;
  if (merging == Merging::kDo) {
    fs::permissions(from, fs::perms::owner_all, fs::perm_options::add, error);
  }
  const std::vector<fs::path> entries = entries_of(from, error);
  if (error) return failed(error, "cannot move " + from.string());
  bool is_writable = false;
  for (const fs::path& source : entries) {
    if (!go_on()) return Error(std::make_error_code(std::errc::interrupted), "interrupted");
    const fs::path target = to / source.filename();
    Error problem;
    if (is_folder(source) && is_folder(target)) {
      problem = merge(source, target, merging, go_on);
    } else if (merging == Merging::kDo) {
      problem = move(source, target, go_on);
    } else if (is_folder(source) && is_there(target)) {
      problem = refused("cannot overwrite non-directory " + target.string() + " with directory");
    } else if (is_folder(target)) {
      problem = refused("cannot overwrite directory " + target.string() + " with non-directory");
    } else if (!is_writable && access(to.c_str(), W_OK | X_OK) != 0) {
      error.assign(errno, std::generic_category());
      problem = failed(error, "cannot write to the folder " + to.string());
    } else {
      is_writable = true;
    }
    if (problem) return problem;
  }
  return {};
}

// Checks that a file may take this place: no folder or device is there. A link there is replaced,
// for a move does not follow links.
Error check_place_of_file(const fs::path& to) {
  if (is_folder(to)) {
    return refused("cannot overwrite directory " + to.string() + " with non-directory");
  }
  std::error_code ignored;
  if (is_there(to) && !is_link(to) && !fs::is_regular_file(fs::symlink_status(to, ignored))) {
    return refused(to.string() +
                   " is no regular file; to have a file's content elsewhere, use uvspdy exec ... "
                   "-- cat FILE");
  }
  return {};
}

// Whether files can be made in a folder below, at most `depth` folders deep.
bool has_writable_folder(const fs::path& folder, int depth) {
  std::error_code error;
  for (const fs::path& entry : entries_of(folder, error)) {
    if (!is_folder(entry)) continue;
    if (access(entry.c_str(), W_OK | X_OK) == 0) return true;
    if (depth > 1 && has_writable_folder(entry, depth - 1)) return true;
  }
  return false;
}

// The folder for temporary files, beside the target if files can be made there, or if none can be
// made in the target at all, so that this is found before the copy.
fs::path staging_place(const fs::path& beside, const fs::path& target) {
  constexpr int kDepth = 3;
  if (access(beside.c_str(), W_OK | X_OK) == 0 || beside != target ||
      !has_writable_folder(beside, kDepth)) {
    return beside;
  }
  std::error_code error;
  const fs::path temporary = fs::temp_directory_path(error);
  return error ? beside : temporary;
}

}  // namespace

Result<StagingFolder> StagingFolder::make(const fs::path& target, std::function<bool()> go_on) {
  std::error_code error;
  const fs::path absolute = fs::absolute(without_trailing_slash(target), error);
  fs::path beside = is_link(absolute) ? absolute.parent_path() : absolute;
  while (!fs::is_directory(beside, error) && beside.has_relative_path()) {
    beside = beside.parent_path();
  }
  beside = staging_place(beside, absolute);
  beside = fs::canonical(beside, error);
  if (error) return failed(error, "cannot find " + target.string());
  std::string name = (beside / ".uvspdy-cp-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    return Error(
        std::error_code(errno, std::generic_category()),
        "cannot make a temporary folder in " + beside.string() + ": " + std::strerror(errno));
  }
  return StagingFolder(name, std::move(go_on));
}

StagingFolder::StagingFolder(StagingFolder&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), go_on_(std::move(other.go_on_)) {}

StagingFolder::~StagingFolder() {
  if (!folder_.empty()) remove_tree(folder_.string(), [this] { (void)go_on_(); });
}

Result<fs::path> StagingFolder::move_to(const fs::path& target, const std::string& name) const {
  const fs::path from = content();
  const fs::path to = without_trailing_slash(target);
  std::error_code error;
  // The link may come from an earlier copy, whose archive must not decide where this copy goes.
  if (is_link(to) && (!is_link(from) || fs::is_directory(to, error))) {
    return refused(to.string() +
                   " is a symbolic link, which is not followed, as a pod may have sent it; name "
                   "what it leads to (a folder also as " +
                   (to / ".").string() + "), or remove it");
  }
  const bool there = is_folder(to);
  const bool folder = is_folder(from);
  if (folder && there) {
    Error problem = merge(from, to, Merging::kTry, go_on_);
    if (!problem) problem = merge(from, to, Merging::kDo, go_on_);
    if (problem) return problem;
    return to;
  }
  if (folder && is_there(to)) {
    return refused("cannot overwrite non-directory " + target.string() + " with directory");
  }
  if (!folder && !there && !target.has_filename()) {
    return refused(target.string() + " is no folder; make it, or leave the '/' at its end away");
  }
  fs::path place = there ? to / name : to;
  if (!folder) {
    if (Error problem = check_place_of_file(place)) return problem;
  }
  error.clear();  // a target that does not exist yet is no error
  if (place.has_parent_path()) fs::create_directories(place.parent_path(), error);
  if (error) return failed(error, "cannot make the folder " + place.parent_path().string());
  if (Error problem = move(from, place, go_on_)) return problem;
  return place;
}

}  // namespace uvspdy::command
