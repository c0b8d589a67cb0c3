#include "move.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "descriptor.h"

namespace uvspdy::command {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBlock = 256 * 1024;

Error system_failure(const fs::path& path) {
  return Error(std::error_code(errno, std::generic_category()),
               "cannot make " + path.string() + ": " + std::strerror(errno));
}

Error failed(const std::error_code& error, const fs::path& path) {
  return Error(error, "cannot make " + path.string() + ": " + error.message());
}

/// A temporary name in a folder. What has the name at the end is removed.
class TemporaryName {
 public:
  explicit TemporaryName(const fs::path& folder) : path_((folder / ".uvspdy-cp-XXXXXX").string()) {}
  ~TemporaryName() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;

  /// Makes a file. Returns its descriptor, or less than 0.
  int make_file() { return mkostemp(path_.data(), O_CLOEXEC); }

  const std::string& get() const { return path_; }

  /// Gives the file or link its right name.
  Error rename_to(const fs::path& path) {
    if (rename(path_.c_str(), path.c_str()) != 0) return system_failure(path);
    path_.clear();
    return {};
  }

 private:
  std::string path_;
};

/// A move by copying.
class Copying {
 public:
  explicit Copying(const std::function<bool()>& go_on) : go_on_(go_on), block_(kBlock) {}

  Error copy(const fs::path& from, const fs::path& to) {
    if (!go_on_()) return interrupted();
    struct stat status {};
    if (lstat(from.c_str(), &status) != 0) return system_failure(to);
    switch (status.st_mode & S_IFMT) {
      case S_IFDIR: return copy_folder(from, to, status);
      case S_IFLNK: return copy_link(from, to, status);
      default: return copy_file(from, to, status);
    }
  }

 private:
  static Error interrupted() {
    return Error(std::make_error_code(std::errc::interrupted), "interrupted");
  }

  static bool is_unsupported(int error) {
    return error == EPERM || error == ENOTSUP || error == EINVAL;
  }

  static std::array<timespec, 2> times_of(const struct stat& status) {
    return {status.st_atim, status.st_mtim};
  }

  Error copy_folder(const fs::path& from, const fs::path& to, const struct stat& status) {
    if (mkdir(to.c_str(), S_IRWXU) != 0) return system_failure(to);
    if (chmod(from.c_str(), S_IRWXU) != 0) return system_failure(to);
    std::error_code error;
    for (const fs::path& entry : entries_of(from, error)) {
      if (Error problem = copy(entry, to / entry.filename())) return problem;
    }
    if (error) return failed(error, to);
    // Modes and times that the file system does not have are no reason to fail.
    if (chmod(to.c_str(), status.st_mode & 0777) != 0 && !is_unsupported(errno)) {
      return system_failure(to);
    }
    const auto times = times_of(status);
    [[maybe_unused]] const int ignored = utimensat(AT_FDCWD, to.c_str(), times.data(), 0);
    return {};
  }

  static Error copy_link(const fs::path& from, const fs::path& to, const struct stat& status) {
    std::error_code error;
    const fs::path target = fs::read_symlink(from, error);
    if (error) return failed(error, to);
    TemporaryName name(to.parent_path());
    // A link is not made over a file, so the name that the file has shown to be free is used.
    {
      const Descriptor free(name.make_file());
      if (free.get() < 0) return system_failure(to);
    }
    if (unlink(name.get().c_str()) != 0 || symlink(target.c_str(), name.get().c_str()) != 0) {
      return system_failure(to);
    }
    const auto times = times_of(status);
    [[maybe_unused]] const int ignored =
        utimensat(AT_FDCWD, name.get().c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
    return name.rename_to(to);
  }

  Error copy_file(const fs::path& from, const fs::path& to, const struct stat& status) {
    const Descriptor in(open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (in.get() < 0) return system_failure(to);
    TemporaryName name(to.parent_path());
    Descriptor out(name.make_file());
    if (out.get() < 0) return system_failure(to);
    if (Error problem = copy_bytes(in.get(), out.get(), to)) return problem;
    // Modes and times that the file system does not have are no reason to fail.
    const auto times = times_of(status);
    [[maybe_unused]] const int no_mode = fchmod(out.get(), status.st_mode & 0777);
    [[maybe_unused]] const int no_times = futimens(out.get(), times.data());
    if (!out.commit()) return system_failure(to);
    return name.rename_to(to);
  }

  Error copy_bytes(int in, int out, const fs::path& to) {
    for (;;) {
      if (!go_on_()) return interrupted();
      const ssize_t count = read(in, block_.data(), block_.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return system_failure(to);
      if (count == 0) return {};
      for (std::size_t done = 0; done < static_cast<std::size_t>(count);) {
        const ssize_t written =
            write(out, block_.data() + done, static_cast<std::size_t>(count) - done);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_failure(to);
        done += static_cast<std::size_t>(written);
      }
    }
  }

  const std::function<bool()>& go_on_;
  std::vector<char> block_;
};

// To rename a folder it must be writable.
bool is_renamed(const fs::path& from, const fs::path& to) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(from, error);
  const bool folder = fs::is_directory(status);
  if (folder) fs::permissions(from, status.permissions() | fs::perms::owner_write, error);
  if (!error) fs::rename(from, to, error);
  std::error_code ignored;
  if (folder) fs::permissions(error ? from : to, status.permissions(), ignored);
  return !error;
}

}  // namespace

std::vector<fs::path> entries_of(const fs::path& folder, std::error_code& error) {
  std::vector<fs::path> entries;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    entries.push_back(it->path());
  }
  return entries;
}

Error move(const fs::path& from, const fs::path& to, const std::function<bool()>& go_on) {
  if (is_renamed(from, to)) return {};
  return Copying(go_on).copy(from, to);
}

}  // namespace uvspdy::command
