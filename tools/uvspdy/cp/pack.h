#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "console.h"
#include "libarchive.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

/// The most symbolic links that Packer::outward_links returns.
constexpr std::size_t kMaxOutwardLinks = 100;

/// Writes a tar of local files, folders, symbolic and hard links, in the format that GNU's, BSD's
/// and BusyBox's tar read. Owners are stored as numbers. Other kinds (devices, FIFOs, sockets) are
/// left out, with a line on the console.
///
/// A file's size is the number of its bytes that can be read, whatever the system says (0 for files
/// of /proc). A file that has more bytes than when it was opened is copied as it was then, with a
/// line on the console; one that has fewer is an error. What cannot be read below the path that is
/// added is left out, with a line.
///
/// Errors of all functions: std::errc::io_error with the file and the reason. Why the sink refused
/// bytes is for the sink's owner to know.
class Packer {
 public:
  /// Takes bytes, and may block. False: it takes no more.
  using Sink = std::function<bool(Bytes)>;
  /// Which symbolic links are packed as the files and folders that they lead to.
  enum class Follow { kAdded, kAll };

  /// `go_on` is called again and again in long work that writes nothing; false ends the work with
  /// std::errc::interrupted.
  Packer(Sink sink, Console& console, Follow follow, std::function<bool()> go_on);
  /// Without `finish` before it, leaves the archive without an end. Does not call the sink.
  ~Packer();
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  /// Adds a folder with mode 0700, owned by whoever unpacks it.
  Error add_private_folder(const std::string& name);

  /// Adds a small file.
  Error add_text(const std::string& name, const std::string& text);

  /// Adds the file or folder at a local path, with everything below it, under another name. If the
  /// path is a link, adds what the link leads to.
  Error add(const std::string& path, const std::string& name);

  /// The number of bytes of the files added.
  std::uint64_t content_size() const { return content_size_; }

  /// Whether a folder was added whose owner cannot write to it, nor remove anything from it.
  bool has_closed_folder() const { return has_closed_folder_; }

  /// Whether something below an added path could not be read.
  bool has_left_out() const { return has_left_out_; }

  /// The names of symbolic links that lead out of the added folder, or nowhere: where they lead on
  /// the other side is not known here. No more than kMaxOutwardLinks of them.
  const std::vector<std::string>& outward_links() const { return outward_links_; }

  /// Writes the archive's end.
  Error finish();

 private:
  static la_ssize_t on_write(archive* out, void* self, const void* data, std::size_t size);

  struct Entry;

  Error add_entry(const Entry& entry);
  Error add_file(const Entry& entry, const struct stat& status);
  Error add_link(const Entry& entry, const struct stat& status);
  Error add_folder(const Entry& entry, const struct stat& status);
  Error add_children(const Entry& folder);
  Error write_header(const Entry& entry, const struct stat& status, std::uint64_t size);
  Error write_header(archive_entry* header, const std::string& path);
  Error write_content(const std::string& path, Bytes bytes);
  Error copy_content(int file, std::uint64_t size, const std::string& path);
  Error leave_out(const Entry& entry, const Error& why);

  Sink sink_;
  std::function<bool()> go_on_;
  Console& console_;
  ArchivePtr out_;
  bool finished_ = false;
  std::uint64_t content_size_ = 0;
  bool has_closed_folder_ = false;
  bool has_left_out_ = false;
  bool follows_all_;
  std::string top_;  // the added path, without links
  std::vector<std::string> outward_links_;
  std::vector<std::uint8_t> ahead_;  // the first bytes of a file
  // The folders above the current entry, by device and inode: a link may lead back to one.
  std::set<std::pair<std::uint64_t, std::uint64_t>> open_folders_;
  // The first name of each file that has several names, by device and inode.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> linked_;
};

/// The total size of the files at a path, as far as they can be read and `go_on` returns true: for
/// a progress bar.
std::uint64_t total_size(const std::string& path, const std::function<bool()>& go_on);

}  // namespace uvspdy::command
