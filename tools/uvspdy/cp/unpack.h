#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "console.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

/// The most parts of a name below the target: each costs time for every entry.
constexpr std::size_t kMaxFolders = 512;

/// The most bytes of the names of all folders of an archive, with some more for each.
constexpr std::size_t kMaxFolderNames = 256 * 1024 * 1024;

/// The most bytes of the names of symbolic links that are remembered, with some more for each.
constexpr std::size_t kMaxLinkNames = 1024 * 1024;

struct UnpackOptions {
  /// The name that every entry of the archive must have, or be below. Empty: the entries are those
  /// of the folder '.'.
  std::string name;
  /// The local path that takes the place of `name`.
  std::string target;
  /// Whether files keep their modes and times.
  bool preserve = true;
  /// Called again and again; false ends the work with std::errc::interrupted.
  std::function<bool()> go_on;
};

struct Unpacked {
  /// The symbolic links of the archive, below the target; not all of them if they are very many.
  std::vector<std::string> links;
};

/// Unpacks a tar from an untrusted source. Makes files, folders, symbolic and hard links, below the
/// target and nowhere else: a name that is absolute, has '..' in it or is not below `name` is an
/// error. Symbolic links may lead anywhere, but nothing is written through one. Other kinds of
/// entries (devices, FIFOs) are left out, with a line on the console. Owners, set-user-id and the
/// like, ACLs and extended attributes are not restored.
///
/// What a name costs is bounded: it may lead through kMaxFolders folders, and the names of all
/// folders may have kMaxFolderNames bytes, because libarchive keeps them to the end.
///
/// `read` returns the next bytes, valid until it is called again, and none at the end. It is called
/// until its end, so that the command that it reads from ends, too.
/// Errors: std::errc::io_error, also for an archive that is cut short, even between two files.
Result<Unpacked> unpack(const std::function<Bytes()>& read, const UnpackOptions& options,
                        Console& console);

}  // namespace uvspdy::command
