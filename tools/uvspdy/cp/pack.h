#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "console.h"
#include "libarchive.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

/// Writes a tar of local files, folders, symbolic and hard links, in the format that GNU's, BSD's
/// and BusyBox's tar read. A file that is read has the size that it had when it was looked at, or
/// it is an error. Owners are numbers. What is none of these (devices, FIFOs, sockets) is left out
/// with a line on the console.
///
/// Errors of all functions: std::errc::io_error with the file and the reason; the sink's are the
/// sink's own to know.
class Packer {
 public:
  /// Takes bytes, and may take its time. False: it wants no more.
  using Sink = std::function<bool(Bytes)>;

  Packer(Sink sink, Console& console);
  /// Without `finish` the archive stays without an end. The sink is not called.
  ~Packer();
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  /// A folder for its owner alone, who is root if root unpacks it.
  Error add_private_folder(const std::string& name);

  /// A small file.
  Error add_text(const std::string& name, const std::string& text);

  /// What is at a local path, under another name; of a folder, everything below it.
  Error add(const std::string& path, const std::string& name);

  /// How many bytes of files there are in it.
  std::uint64_t content_size() const { return content_size_; }

  /// Whether there is a folder in it that its owner may not write to, nor remove anything from.
  bool has_closed_folder() const { return has_closed_folder_; }

  /// The archive's end.
  Error finish();

 private:
  static la_ssize_t on_write(archive* out, void* self, const void* data, std::size_t size);

  Error add_content(const std::string& path, std::int64_t size);
  Error add_folder(archive_entry* entry, const std::string& path, const std::string& name);
  Error add_children(const std::string& path, const std::string& name);
  Error write_header(archive_entry* entry, const std::string& path);

  Sink sink_;
  Console& console_;
  ArchivePtr out_;
  bool finished_ = false;
  std::uint64_t content_size_ = 0;
  bool has_closed_folder_ = false;
  // Of files with several names: by device and inode, the first name.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> linked_;
};

/// How many bytes the files at a path have, as far as that can be found out: for a progress bar.
std::uint64_t total_size(const std::string& path);

}  // namespace uvspdy::command
