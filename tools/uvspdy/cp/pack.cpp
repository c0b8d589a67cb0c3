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

Packer::Packer(Sink sink, Console& console)
    : sink_(std::move(sink)), console_(console), out_(archive_write_new()) {
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
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return system_failure("cannot read " + path);
  const ArchiveEntryPtr entry(archive_entry_new());
  archive_entry_copy_stat(entry.get(), &status);
  archive_entry_set_pathname(entry.get(), name.c_str());
  console_.set_name(path);
  switch (status.st_mode & S_IFMT) {
    case S_IFDIR: return add_folder(entry.get(), path, name);
    case S_IFLNK: {
      const Result<std::string> target = link_target(path);
      if (!target) return target.error();
      archive_entry_set_symlink(entry.get(), target->c_str());
      archive_entry_set_size(entry.get(), 0);
      return write_header(entry.get(), path);
    }
    case S_IFREG: break;
    default:
      console_.line("uvspdy cp: left out " + path + ": it is no file, folder or link");
      return {};
  }
  if (status.st_nlink > 1) {
    const auto [first, is_new] = linked_.try_emplace({status.st_dev, status.st_ino}, name);
    if (!is_new) {
      archive_entry_set_hardlink(entry.get(), first->second.c_str());
      archive_entry_unset_size(entry.get());
      return write_header(entry.get(), path);
    }
  }
  if (Error error = write_header(entry.get(), path)) return error;
  return add_content(path, status.st_size);
}

Error Packer::add_content(const std::string& path, std::int64_t size) {
  // O_NONBLOCK, so as not to wait for a writer if a FIFO has replaced the file meanwhile.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0) return system_failure("cannot read " + path);
  std::array<char, kBlock> block;
  for (std::int64_t left = size; left > 0;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(left, kBlock));
    const ssize_t count = read(file.get(), block.data(), wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("cannot read " + path);
    if (count == 0) {
      return Error(std::make_error_code(std::errc::io_error),
                   path + " was cut short while it was read; try again when it does not change");
    }
    if (archive_write_data(out_.get(), block.data(), static_cast<std::size_t>(count)) != count) {
      return archive_failure(out_.get(), "cannot send " + path);
    }
    left -= count;
    content_size_ += static_cast<std::uint64_t>(count);
    console_.add(static_cast<std::size_t>(count));
  }
  return {};
}

// Adds the folder twice, before and after its content: BusyBox sets a folder's mode and time at
// once, a read-only mode would then keep content out, and content would change the time.
Error Packer::add_folder(archive_entry* entry, const std::string& path, const std::string& name) {
  const mode_t mode = archive_entry_perm(entry);
  if ((mode & S_IWUSR) == 0) has_closed_folder_ = true;
  archive_entry_set_perm(entry, mode | S_IRWXU);
  if (Error error = write_header(entry, path)) return error;
  if (Error error = add_children(path, name)) return error;
  archive_entry_set_perm(entry, mode);
  return write_header(entry, path);
}

Error Packer::add_children(const std::string& path, const std::string& name) {
  std::error_code error;
  std::vector<std::string> children;
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    children.push_back(it->path().filename().string());
  }
  if (error) return Error(error, "cannot read the folder " + path + ": " + error.message());
  std::sort(children.begin(), children.end());
  for (const std::string& child : children) {
    const std::string below = "/" + child;
    if (Error failed = add(path + below, name + below)) return failed;
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
  if (fs::is_regular_file(fs::symlink_status(path, ignored))) {
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
