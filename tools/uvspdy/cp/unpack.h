#pragma once

#include <functional>
#include <string>

#include "console.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

struct UnpackOptions {
  /// The name that every entry of the archive must have, or be below. Empty: the entries are those
  /// of the folder '.'.
  std::string name;
  /// The local path that takes the place of `name`.
  std::string target;
  /// Whether files keep their modes and times.
  bool preserve = true;
};

/// Unpacks a tar from an untrusted source. Makes files, folders, symbolic and hard links, below the
/// target and nowhere else: a name that is absolute, has '..' in it or is not below `name` is an
/// error. Symbolic links may lead anywhere, but nothing is written through one. Other kinds of
/// entries (devices, FIFOs) are left out, with a line on the console. Owners, set-user-id and the
/// like, ACLs and extended attributes are not restored.
///
/// `read` returns the next bytes, valid until it is called again, and none at the end. It is called
/// until its end, so that the command that it reads from ends, too.
/// Errors: std::errc::io_error, also for an archive that is cut short, even between two files.
Error unpack(const std::function<Bytes()>& read, const UnpackOptions& options, Console& console);

}  // namespace uvspdy::command
