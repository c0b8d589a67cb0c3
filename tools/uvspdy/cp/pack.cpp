#include "pack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "descriptor.h"
#include "file_content.h"

namespace uvspdy::command {
namespace {

// The size of the sink's pieces: tar's usual record, which the last piece is padded to.
constexpr int kBlock = 64 * 1024;
constexpr int kRecord = 10 * 1024;

Error system_failure(const std::string& what) {
  return Error(std::error_code(errno, std::generic_category()), what + ": " + std::strerror(errno));
}

Result<std::string> link_target(const std::string& path) {
  std::error_code error;
  std::filesystem::path target = std::filesystem::read_symlink(path, error);
  if (error) return Error(error, "cannot read the link " + path + ": " + error.message());
  return target.string();
}

}  // namespace

/// A path of this machine and its name in the archive.
struct Packer::Entry {
  std::string path;
  std::string name;
  bool is_added = false;  // by `add`, not because it is in an added folder
};

Packer::Packer(Sink sink, Console& console, Follow follow, std::function<bool()> go_on)
    : sink_(std::move(sink)),
      go_on_(std::move(go_on)),
      console_(console),
      out_(archive_write_new()),
      follows_all_(follow == Follow::kAll) {
  archive_write_set_format_gnutar(out_.get());
  archive_write_set_bytes_per_block(out_.get(), kBlock);
  archive_write_set_bytes_in_last_block(out_.get(), kRecord);
  archive_write_open(out_.get(), this, nullptr, on_write, nullptr);
}

// After a failure libarchive would otherwise write an end, and make the archive look complete.
Packer::~Packer() {
  if (!finished_) archive_write_fail(out_.get());
}

la_ssize_t Packer::on_write(archive* out, void* self, const void* data, std::size_t size) {
  if (static_cast<Packer*>(self)->sink_({static_cast<const std::uint8_t*>(data), size})) {
    return static_cast<la_ssize_t>(size);
  }
  archive_set_error(out, EPIPE, "the other side takes no more");
  return -1;
}

Error Packer::write_header(archive_entry* entry, const std::string& path) {
  if (archive_write_header(out_.get(), entry) == ARCHIVE_OK) return {};
  return archive_failure(out_.get(), "cannot send " + path);
}

Error Packer::add_private_folder(const std::string& name) {
  const ArchiveEntryPtr entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFDIR);
  archive_entry_set_perm(entry.get(), 0700);
  archive_entry_set_mtime(entry.get(), time(nullptr), 0);
  return write_header(entry.get(), name);
}

Error Packer::add_text(const std::string& name, const std::string& text) {
  const ArchiveEntryPtr entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(text.size()));
  archive_entry_set_mtime(entry.get(), time(nullptr), 0);
  if (Error error = write_header(entry.get(), name)) return error;
  if (archive_write_data(out_.get(), text.data(), text.size()) ==
      static_cast<la_ssize_t>(text.size())) {
    return {};
  }
  return archive_failure(out_.get(), "cannot send " + name);
}

Error Packer::add(const std::string& path, const std::string& name) {
  std::error_code ignored;
  top_ = std::filesystem::canonical(path, ignored).string();
  return add_entry({path, name, true});
}

// What cannot be read is no failure unless it was asked for by its name.
Error Packer::leave_out(const Entry& entry, const Error& why) {
  if (entry.is_added) return why;
  has_left_out_ = true;
  console_.line("uvspdy cp: left out: " + why.message());
  return {};
}

Error Packer::add_entry(const Entry& entry) {
  const bool follows = entry.is_added || follows_all_;
  struct stat status {};
  if ((follows ? stat : lstat)(entry.path.c_str(), &status) != 0) {
    return leave_out(entry, system_failure("cannot read " + entry.path));
  }
  console_.set_name(entry.path);
  switch (status.st_mode & S_IFMT) {
    case S_IFDIR: return add_folder(entry, status);
    case S_IFLNK: return add_link(entry, status);
    case S_IFREG: return add_file(entry, status);
    default: break;
  }
  console_.line("uvspdy cp: left out " + entry.path + ": it is no file, folder or link");
  return {};
}

Error Packer::write_header(const Entry& entry, const struct stat& status, std::uint64_t size) {
  const ArchiveEntryPtr header(archive_entry_new());
  archive_entry_copy_stat(header.get(), &status);
  archive_entry_set_pathname(header.get(), entry.name.c_str());
  archive_entry_set_size(header.get(), static_cast<la_int64_t>(size));
  return write_header(header.get(), entry.path);
}

Error Packer::add_link(const Entry& entry, const struct stat& status) {
  const Result<std::string> target = link_target(entry.path);
  if (!target) return leave_out(entry, target.error());
  std::error_code error;
  const std::string leads_to = std::filesystem::canonical(entry.path, error).string();
  const bool stays_inside =
      !error && !target->starts_with("/") && (leads_to == top_ || leads_to.starts_with(top_ + "/"));
  if (!stays_inside && outward_links_.size() < kMaxOutwardLinks) {
    outward_links_.push_back(entry.name);
  }
  const ArchiveEntryPtr header(archive_entry_new());
  archive_entry_copy_stat(header.get(), &status);
  archive_entry_set_pathname(header.get(), entry.name.c_str());
  archive_entry_set_symlink(header.get(), target->c_str());
  archive_entry_set_size(header.get(), 0);
  return write_header(header.get(), entry.path);
}

Error Packer::add_file(const Entry& entry, const struct stat& status) {
  if (status.st_nlink > 1) {
    const auto first = linked_.find({status.st_dev, status.st_ino});
    if (first != linked_.end()) {
      const ArchiveEntryPtr header(archive_entry_new());
      archive_entry_copy_stat(header.get(), &status);
      archive_entry_set_pathname(header.get(), entry.name.c_str());
      archive_entry_set_hardlink(header.get(), first->second.c_str());
      archive_entry_unset_size(header.get());
      return write_header(header.get(), entry.path);
    }
  }
  // O_NONBLOCK, so as not to wait for a writer if a FIFO has replaced the file meanwhile.
  const int no_follow = entry.is_added || follows_all_ ? 0 : O_NOFOLLOW;
  const Descriptor file(open(entry.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | no_follow));
  if (file.get() < 0) return leave_out(entry, system_failure("cannot read " + entry.path));
  const Result<FileContent> content = FileContent::open(file.get(), entry.path, ahead_, go_on_);
  if (!content && content.error().code() == std::errc::interrupted) return content.error();
  if (!content) return leave_out(entry, content.error());

  if (Error error = write_header(entry, status, content->size)) return error;
  if (status.st_nlink > 1) linked_.try_emplace({status.st_dev, status.st_ino}, entry.name);
  if (Error error = write_content(entry.path, ahead_)) return error;
  return copy_content(content->rest(file.get()), content->size - ahead_.size(), entry.path);
}

Error Packer::write_content(const std::string& path, Bytes bytes) {
  if (bytes.empty()) return {};
  if (archive_write_data(out_.get(), bytes.data(), bytes.size()) !=
      static_cast<la_ssize_t>(bytes.size())) {
    return archive_failure(out_.get(), "cannot send " + path);
  }
  content_size_ += bytes.size();
  console_.add(bytes.size());
  return {};
}

Error Packer::copy_content(int file, std::uint64_t size, const std::string& path) {
  if (size == 0) return {};
  std::array<std::uint8_t, kBlock> block;
  for (std::uint64_t left = size; left > 0;) {
    const Result<std::size_t> count =
        read_some(file, {block.data(), std::min<std::uint64_t>(left, block.size())}, path);
    if (!count) return count.error();
    if (*count == 0) {
      return Error(std::make_error_code(std::errc::io_error),
                   path + " was cut short while it was read; try again when it does not change");
    }
    if (Error error = write_content(path, {block.data(), *count})) return error;
    left -= *count;
  }
  const Result<std::size_t> more = read_some(file, {block.data(), 1}, path);
  if (more && *more > 0) {
    console_.line("uvspdy cp: " + path + " has grown while it was read; it is copied as it was");
  }
  return {};
}

// Adds the folder twice, before and after its content: BusyBox sets a folder's mode and time at
// once, a read-only mode would then keep content out, and content would change the time.
Error Packer::add_folder(const Entry& entry, const struct stat& status) {
  const auto [open_folder, is_new] = open_folders_.emplace(status.st_dev, status.st_ino);
  if (!is_new) {
    return leave_out(entry, Error(std::make_error_code(std::errc::too_many_symbolic_link_levels),
                                  entry.path + " leads back to a folder that it is in"));
  }
  if ((status.st_mode & S_IWUSR) == 0) has_closed_folder_ = true;
  struct stat open_status = status;
  open_status.st_mode |= S_IRWXU;
  Error error = write_header(entry, open_status, 0);
  if (!error) error = add_children(entry);
  if (!error) error = write_header(entry, status, 0);
  open_folders_.erase(open_folder);
  return error;
}

Error Packer::add_children(const Entry& folder) {
  std::error_code error;
  std::vector<std::string> children;
  for (std::filesystem::directory_iterator it(folder.path, error), end; !error && it != end;
       it.increment(error)) {
    children.push_back(it->path().filename().string());
  }
  if (error) {
    return leave_out(
        folder, Error(error, "cannot read the folder " + folder.path + ": " + error.message()));
  }
  std::sort(children.begin(), children.end());
  for (const std::string& child : children) {
    const std::string below = "/" + child;
    if (Error failed = add_entry({folder.path + below, folder.name + below})) return failed;
  }
  return {};
}

Error Packer::finish() {
  finished_ = true;
  if (archive_write_close(out_.get()) == ARCHIVE_OK) return {};
  return archive_failure(out_.get(), "cannot send the archive's end");
}

std::uint64_t total_size(const std::string& path, const std::function<bool()>& go_on) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  std::uint64_t total = 0;
  if (fs::is_regular_file(fs::status(path, ignored))) {
    total = fs::file_size(path, ignored);
    return ignored ? 0 : total;
  }
  std::error_code error;
  for (fs::recursive_directory_iterator it(path, error), end; !error && it != end && go_on();
       it.increment(error)) {
    if (fs::is_regular_file(it->symlink_status(ignored))) {
      const std::uint64_t size = it->file_size(ignored);
      if (!ignored) total += size;
    }
  }
  return total;
}

}  // namespace uvspdy::command
