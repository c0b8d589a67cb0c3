#pragma once

#include <functional>
#include <string>

#include "console.h"
#include "uvspdy/bytes.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

struct UnpackOptions {
  /// The one thing that the archive may have in it: its entries are called this, or lie below it.
  /// Empty: they are all below '.'.
  std::string name;
  /// Where it goes: it becomes this path, whatever it is called.
  std::string target;
  /// Modes and times as they were; else as new files have them.
  bool preserve = true;
};

/// Unpacks what a tar wrote that nobody trusts. Files, folders, symbolic and hard links are made,
/// below the target and nowhere else: a name that is absolute, has '..' in it or is not what was
/// asked for is an error, links lead where they like but nothing is ever written through one, and
/// what a tar may have in it besides (devices, FIFOs) is left out with a line on the console.
/// Owners, set-user-id and the like, ACLs and extended attributes are not taken over.
///
/// `read` gives the next bytes, valid until it is called again, and none at the end. It is called
/// until then, so that what it reads from can tell how it went.
/// Errors: std::errc::io_error, for an archive that is cut short, too, be it between two files.
Error unpack(const std::function<Bytes()>& read, const UnpackOptions& options, Console& console);

}  // namespace uvspdy::command
