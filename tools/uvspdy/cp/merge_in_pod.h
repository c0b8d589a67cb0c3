#pragma once

#include <string>

#include "leftovers.h"
#include "pod.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

/// Moves the content of a folder in the pod into another folder there, which exists. Each file has
/// its name at once and whole, even if the connection is lost meanwhile, and until then the file
/// that was there has it: under the name `temporary` beside its target, a hard link to the file is
/// made or, where the two are on several file systems or hard links are not possible, a copy, and
/// then renamed. Hard links between files that are copied become files of their own. The originals
/// stay. This needs `sh`, `find`, `ln`, `cp`, `mv`, `rm` and `mkdir`; and `stat`, `chown`, `chmod`
/// and `touch`, without which folders have the owners, modes and times of new ones. Where `sh` or
/// `find` is missing, `cp -alf` links all files, which may lose old files where it cannot.
///
/// A symbolic link to a folder, below the target, is not followed: stderr says which it is, what
/// is below is not moved, and the rest is. What an interrupted move has left is added to
/// `leftovers`. Errors: the commands' failures, also when some files could not be moved.
Error merge_in_pod(Pod& pod, const std::string& from, const std::string& to,
                   const std::string& temporary, Leftovers& leftovers);

}  // namespace uvspdy::command
