#pragma once

#include <string>

#include "leftovers.h"
#include "pod.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

/// Moves the content of a folder in the pod into another folder there, which exists. Each file is
/// there at once and whole, even if the connection is lost meanwhile: as a hard link to the file
/// or, where the two are on several file systems or hard links are not possible, as a copy that is
/// made beside its target, under the name `temporary`, and then renamed; for that the pod needs
/// `sh`, `find`, `cp` and `mv`, and hard links between the files become files of their own. The
/// originals stay. What an interrupted copy has left is added to `leftovers`. Errors: the commands'
/// failures, also when some files could not be moved.
Error merge_in_pod(Pod& pod, const std::string& from, const std::string& to,
                   const std::string& temporary, Leftovers& leftovers);

}  // namespace uvspdy::command
