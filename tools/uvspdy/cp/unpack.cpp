#include "unpack.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "libarchive.h"
#include "uvspdy/printable.h"

namespace uvspdy::command {
namespace {

// An archive ends with two blocks of zeros at least, and with padding of its last record.
constexpr std::uint64_t kEndOfArchive = 1024;
constexpr std::uint64_t kMaxPadding = 1024 * 1024;

// The most bytes of a name that a message shows, and the most lines about entries, of which an
// archive may have millions.
constexpr std::size_t kShownName = 256;
constexpr std::size_t kShownLines = 20;

// What libarchive keeps of a folder beside its name.
constexpr std::size_t kFolderCost = 200;

Error broken(std::string text) {
  return Error(std::make_error_code(std::errc::io_error), std::move(text));
}

/// The bytes of an archive. Counts them and the zeros at their end, because libarchive takes an
/// archive that stops between two files for complete.
class Source {
 public:
  explicit Source(const std::function<Bytes()>& read) : read_(read) {}

  Bytes next() {
    const Bytes bytes = read_();
    std::size_t zeros = 0;
    while (zeros < bytes.size() && bytes[bytes.size() - 1 - zeros] == 0) ++zeros;
    zeros_ = zeros == bytes.size() ? zeros_ + zeros : zeros;
    size_ += bytes.size();
    return bytes;
  }

  /// Whether the bytes after the last entry, at offset `entries`, are zeros only, and enough of
  /// them.
  bool has_end_behind(std::uint64_t entries) const {
    const std::uint64_t behind = size_ - entries;
    return behind >= kEndOfArchive && zeros_ >= behind;
  }

  /// Reads the padding of the last record. False: it is far too long.
  bool drain() {
    std::uint64_t padding = 0;
    for (Bytes bytes = next(); !bytes.empty(); bytes = next()) {
      padding += bytes.size();
      if (padding > kMaxPadding) return false;
    }
    return true;
  }

  static la_ssize_t on_read(archive*, void* self, const void** buffer) {
    const Bytes bytes = static_cast<Source*>(self)->next();
    *buffer = bytes.data();
    return static_cast<la_ssize_t>(bytes.size());
  }

 private:
  const std::function<Bytes()>& read_;
  std::uint64_t size_ = 0;   // so far
  std::uint64_t zeros_ = 0;  // at the end of the bytes so far
};

class Unpacker {
 public:
  Unpacker(const UnpackOptions& options, Console& console)
      : options_(options),
        console_(console),
        in_(archive_read_new()),
        out_(archive_write_disk_new()) {
    archive_read_support_format_tar(in_.get());
    archive_read_support_filter_none(in_.get());
    int flags = ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT;
    if (options.preserve) flags |= ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME;
    archive_write_disk_set_options(out_.get(), flags);
  }

  Error run(Source& source) {
    Error error = take_all(source);
    if (lines_ > kShownLines) {
      console_.line("uvspdy cp: " + std::to_string(lines_ - kShownLines) +
                    " more lines like these left out");
    }
    return error;
  }

  /// The symbolic links, below the target.
  std::vector<std::string> take_links() { return std::move(links_); }

  /// The offset in the archive at which the last entry ended.
  std::uint64_t entries_size() const { return entries_size_; }

 private:
  Error take_all(Source& source) {
    if (archive_read_open(in_.get(), &source, nullptr, Source::on_read, nullptr) != ARCHIVE_OK) {
      return bad_archive();
    }
    for (;;) {
      if (!options_.go_on()) return interrupted();
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(in_.get(), &entry);
      if (status == ARCHIVE_EOF) break;
      if (status < ARCHIVE_WARN) return bad_archive();
      if (status == ARCHIVE_WARN) {
        Error warning = archive_failure(in_.get(), "the archive");
        if (!is_about_text(warning)) return warning;
        line(warning.message());
      }
      if (Error error = take(entry)) return error;
      // Skips to the entry's end, including the padding of its last block.
      if (archive_read_data_skip(in_.get()) < ARCHIVE_WARN) return bad_archive();
      entries_size_ = static_cast<std::uint64_t>(archive_filter_bytes(in_.get(), -1));
    }
    // Closing sets the times and modes of folders.
    return written(archive_write_close(out_.get()), options_.target);
  }

  // Names that are no UTF-8 are taken byte by byte. Any other warning may be of a part of the
  // header that libarchive has left out, such as a long name, and the file would be another one.
  static bool is_about_text(const Error& warning) {
    return warning.message().find("can't be converted") != std::string::npos;
  }

  static Error interrupted() {
    return Error(std::make_error_code(std::errc::interrupted), "interrupted");
  }

  void line(const std::string& text) {
    if (++lines_ <= kShownLines) console_.line("uvspdy cp: " + text);
  }

  Error bad_archive() const { return archive_failure(in_.get(), "cannot read the archive"); }

  // libarchive says only "Write failed" of a full disk, and has the system's error as a number.
  Error disk_failure(const std::string& what) const {
    Error failure = archive_failure(out_.get(), what);
    const int number = archive_errno(out_.get());
    if (number <= 0) return failure;
    const std::error_code code(number, std::generic_category());
    if (failure.message().ends_with(code.message())) return failure;
    return Error(code, failure.message() + ": " + code.message());
  }

  Error take(archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) return broken("the archive has a file without a name");
    const std::string shown = printable(name, kShownName);
    const Result<std::string> path = path_for(name);
    if (!path) return path.error();
    if (Error error = count_folder(entry, *path)) return error;
    if (const char* link = archive_entry_hardlink(entry)) {
      const Result<std::string> linked = path_for(link);
      if (!linked) return linked.error();
      // If the hard link led to a symbolic link, libarchive would change the mode of its target.
      if (archive_entry_size(entry) > 0 && !is_regular_file(*linked)) {
        return broken("the archive has '" + shown + "' in it, a hard link with content to '" +
                      printable(link, kShownName) +
                      "', which is no regular file; it is not to be trusted");
      }
      archive_entry_set_hardlink(entry, linked->c_str());
    } else if (!is_copied(archive_entry_filetype(entry))) {
      line("left out " + shown + ": it is no file, folder or link");
      return {};
    } else if (archive_entry_filetype(entry) == AE_IFLNK) {
      remember_link(path->substr(options_.target.size()));
    }
    archive_entry_set_pathname(entry, path->c_str());
    archive_entry_set_perm(entry, archive_entry_perm(entry) & 0777);
    archive_entry_unset_atime(entry);
    start_progress(entry, shown);
    if (Error error = written(archive_write_header(out_.get(), entry), shown)) return error;
    if (Error error = copy_content(entry, shown)) return error;
    return written(archive_write_finish_entry(out_.get()), shown);
  }

  static bool is_regular_file(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::symlink_status(path, ignored).type() ==
           std::filesystem::file_type::regular;
  }

  static bool is_copied(mode_t type) {
    return type == AE_IFREG || type == AE_IFDIR || type == AE_IFLNK;
  }

  // A mode or time that this file system does not support is reported on the console, not an error.
  Error written(int status, const std::string& name) {
    if (status == ARCHIVE_OK) return {};
    Error error = disk_failure("cannot write " + name);
    if (status < ARCHIVE_WARN) return error;
    line(error.message());
    return {};
  }

  // The local path of an entry.
  Result<std::string> path_for(const std::string& name) const {
    const auto refused = [&name](const char* why) {
      return broken("the archive has '" + printable(name, kShownName) + "' in it, " + why +
                    "; it is not to be trusted");
    };
    if (name.starts_with("/")) return refused("which is an absolute name");
    bool below = options_.name.empty();
    std::string path = options_.target;
    std::size_t folders = 0;
    for (std::size_t at = 0; at <= name.size();) {
      const std::size_t end = std::min(name.find('/', at), name.size());
      const std::string_view part = std::string_view(name).substr(at, end - at);
      at = end + 1;
      if (part.empty() || part == ".") continue;
      if (part == "..") return refused("which leads out of the target");
      if (!std::exchange(below, true)) {
        if (part != options_.name) return refused("which was not asked for");
        continue;
      }
      if (++folders > kMaxFolders) {
        return broken("the archive has '" + printable(name, kShownName) +
                      "' in it, which is more than " + std::to_string(kMaxFolders) +
                      " folders deep; copy a folder inside by itself");
      }
      path.append("/").append(part);
    }
    if (!below) return refused("which was not asked for");
    return path;
  }

  void remember_link(std::string name) {
    link_names_ += name.size() + sizeof(std::string);
    if (link_names_ <= kMaxLinkNames) links_.push_back(std::move(name));
  }

  Error count_folder(archive_entry* entry, const std::string& path) {
    if (archive_entry_filetype(entry) != AE_IFDIR) return {};
    folder_names_ += path.size() + kFolderCost;
    if (folder_names_ <= kMaxFolderNames) return {};
    return broken("the names of the archive's folders have more than " +
                  std::to_string(kMaxFolderNames) + " bytes; copy a part of them at a time");
  }

  // The total is known for a single file; for a folder the name of each file is shown.
  void start_progress(archive_entry* entry, const std::string& name) {
    if (!std::exchange(started_, true)) {
      const bool file = archive_entry_filetype(entry) == AE_IFREG;
      const auto size = static_cast<std::uint64_t>(archive_entry_size(entry));
      console_.start(name, file ? size : 0);
    }
    console_.set_name(name);
  }

  Error copy_content(archive_entry* entry, const std::string& name) {
    const la_int64_t size = archive_entry_size(entry);
    const bool whole = archive_entry_sparse_count(entry) == 0;
    la_int64_t end_of_last = 0;
    for (;;) {
      if (!options_.go_on()) return interrupted();
      const void* block = nullptr;
      std::size_t count = 0;
      la_int64_t offset = 0;
      const int status = archive_read_data_block(in_.get(), &block, &count, &offset);
      if (status == ARCHIVE_EOF) break;
      if (status < ARCHIVE_WARN) return bad_archive();
      if (count == 0) continue;
      if (archive_write_data_block(out_.get(), block, count, offset) < 0) {
        return disk_failure("cannot write " + name);
      }
      end_of_last = offset + static_cast<la_int64_t>(count);
      console_.add(count);
    }
    if (whole && end_of_last != size) {
      return broken("the archive promises " + std::to_string(size) + " bytes of " + name +
                    " and has " + std::to_string(end_of_last));
    }
    return {};
  }

  const UnpackOptions& options_;
  Console& console_;
  ArchivePtr in_;
  ArchivePtr out_;
  bool started_ = false;
  std::uint64_t entries_size_ = 0;
  std::size_t folder_names_ = 0;
  std::vector<std::string> links_;
  std::size_t link_names_ = 0;
  std::size_t lines_ = 0;
};

}  // namespace

Result<Unpacked> unpack(const std::function<Bytes()>& read, const UnpackOptions& options,
                        Console& console) {
  const Utf8Locale utf8;
  Source source(read);
  Unpacker unpacker(options, console);
  if (Error error = unpacker.run(source)) return error;
  if (!source.drain()) return broken("tar on the other side sends more than an archive");
  if (!source.has_end_behind(unpacker.entries_size()))
    return broken("the archive was cut short: its end is missing");
  return Unpacked{unpacker.take_links()};
}

}  // namespace uvspdy::command
