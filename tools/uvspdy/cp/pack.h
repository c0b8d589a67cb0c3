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
/// and BusyBox's tar read. A file whose size changes while it is packed is an error. Owners are
/// stored as numbers. Other kinds (devices, FIFOs, sockets) are left out, with a line on the
/// console.
///
/// Errors of all functions: std::errc::io_error with the file and the reason. Why the sink refused
/// bytes is for the sink's owner to know.
class Packer {
 public:
  /// Takes bytes, and may block. False: it takes no more.
  using Sink = std::function<bool(Bytes)>;

  Packer(Sink sink, Console& console);
  /// Without `finish` before it, leaves the archive without an end. Does not call the sink.
  ~Packer();
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  /// Adds a folder with mode 0700, owned by whoever unpacks it.
  Error add_private_folder(const std::string& name);

  /// Adds a small file.
  Error add_text(const std::string& name, const std::string& text);

  /// Adds the file, link or folder at a local path, with everything below it, under another name.
  Error add(const std::string& path, const std::string& name);

  /// The number of bytes of the files added.
  std::uint64_t content_size() const { return content_size_; }

  /// Whether a folder was added whose owner cannot write to it, nor remove anything from it.
  bool has_closed_folder() const { return has_closed_folder_; }

  /// Writes the archive's end.
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
  // The first name of each file that has several names, by device and inode.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> linked_;
};

/// The total size of the files at a path, as far as they can be read and `go_on` returns true: for
/// a progress bar.
std::uint64_t total_size(const std::string& path, const std::function<bool()>& go_on);

}  // namespace uvspdy::command
