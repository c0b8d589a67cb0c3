#include "staging_folder.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

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

// To rename a folder it must be writable.
Error move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  const bool folder = is_folder(from);
  const fs::perms mode = folder ? fs::status(from, error).permissions() : fs::perms::none;
  if (folder && !error) fs::permissions(from, mode | fs::perms::owner_write, error);
  if (!error) fs::rename(from, to, error);
  if (folder && !error) fs::permissions(to, mode, error);
  return error ? failed(error, "cannot make " + to.string()) : Error();
}

enum class Merging { kTry, kDo };

// The folder is closed again before anything is done with its entries: a tree may be deeper than
// descriptors can be open.
std::vector<fs::path> entries_of(const fs::path& folder, std::error_code& error) {
  std::vector<fs::path> entries;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    entries.push_back(it->path());
  }
  return entries;
}

// Moves a folder's content into an existing folder, or (kTry) only checks that this is possible.
Error merge(const fs::path& from, const fs::path& to, Merging merging) {
  std::error_code error;
  if (merging == Merging::kTry && access(to.c_str(), W_OK | X_OK) != 0) {
    error.assign(errno, std::generic_category());
    return failed(error, "cannot write to the folder " + to.string());
  }
  if (merging == Merging::kDo) {
    fs::permissions(from, fs::perms::owner_all, fs::perm_options::add, error);
  }
  const std::vector<fs::path> entries = entries_of(from, error);
  if (error) return failed(error, "cannot move " + from.string());
  for (const fs::path& source : entries) {
    const fs::path target = to / source.filename();
    Error problem;
    if (is_folder(source) && is_folder(target)) {
      problem = merge(source, target, merging);
    } else if (merging == Merging::kDo) {
      problem = move(source, target);
    } else if (is_folder(source) && is_there(target)) {
      problem = refused("cannot overwrite non-directory " + target.string() + " with directory");
    } else if (is_folder(target)) {
      problem = refused("cannot overwrite directory " + target.string() + " with non-directory");
    }
    if (problem) return problem;
  }
  return {};
}

// Moves a file, unless a folder or a device is in its place. A link there is replaced, for rename
// does not follow links.
Error move_file(const fs::path& from, const fs::path& to) {
  if (is_folder(to)) {
    return refused("cannot overwrite directory " + to.string() + " with non-directory");
  }
  std::error_code ignored;
  if (is_there(to) && !is_link(to) && !fs::is_regular_file(fs::symlink_status(to, ignored))) {
    return refused(to.string() +
                   " is no regular file; to have a file's content elsewhere, use uvspdy exec ... "
                   "-- cat FILE");
  }
  return move(from, to);
}

}  // namespace

Result<StagingFolder> StagingFolder::make(const fs::path& target, std::function<void()> breathe) {
  std::error_code error;
  fs::path beside = fs::absolute(without_trailing_slash(target), error);
  if (is_link(beside)) beside = beside.parent_path();
  while (!fs::is_directory(beside, error) && beside.has_relative_path()) {
    beside = beside.parent_path();
  }
  beside = fs::canonical(beside, error);
  if (error) return failed(error, "cannot find " + target.string());
  std::string name = (beside / ".uvspdy-cp-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    return Error(
        std::error_code(errno, std::generic_category()),
        "cannot make a temporary folder in " + beside.string() + ": " + std::strerror(errno));
  }
  return StagingFolder(name, std::move(breathe));
}

StagingFolder::StagingFolder(StagingFolder&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), breathe_(std::move(other.breathe_)) {}

StagingFolder::~StagingFolder() {
  if (!folder_.empty()) remove_tree(folder_.string(), breathe_);
}

Error StagingFolder::move_to(const fs::path& target, const std::string& name) const {
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
  if (!is_folder(from)) {
    if (there) return move_file(from, to / name);
    if (!target.has_filename()) {
      return refused(target.string() + " is no folder; make it, or leave the '/' at its end away");
    }
  } else if (there) {
    if (Error problem = merge(from, to, Merging::kTry)) return problem;
    return merge(from, to, Merging::kDo);
  } else if (is_there(to)) {
    return refused("cannot overwrite non-directory " + target.string() + " with directory");
  }
  error.clear();  // a target that does not exist yet is no error
  if (to.has_parent_path()) fs::create_directories(to.parent_path(), error);
  if (error) return failed(error, "cannot make the folder " + to.parent_path().string());
  return is_folder(from) ? move(from, to) : move_file(from, to);
}

}  // namespace uvspdy::command
