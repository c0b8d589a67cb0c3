#pragma once

#include <string>

#include "copy.h"
#include "pod.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

// Files without tar, by `cat`: their bytes, and neither mode nor time.

/// Copies a file of a pod that has no tar to a local path at which there is nothing, and says so on
/// the console. Errors: a folder; fewer bytes than `wc` has counted before; the commands' failures.
Result<Copied> copy_by_cat(Pod& pod, const std::string& remote, const std::string& local);

/// Copies a local file to a path in a pod that has no tar, by `cat` in a shell, and checks by `wc`
/// that all of it is there. Says so on the console, also what cannot be kept. Errors: the commands'
/// failures; a file that cannot be read, or is cut short meanwhile; another size.
Error send_by_cat(Pod& pod, const std::string& local, const std::string& remote, bool keep_mode);

/// Puts what `cat` reads of a file into its copy, to which tar has given no bytes, because the
/// file's size is 0, as for files of /proc. Mode and time of the copy stay. The copy stays empty if
/// `cat` reads nothing. Errors: `cat` fails in the middle; the system's.
Error read_empty_file(Pod& pod, const std::string& remote, const std::string& local);

}  // namespace uvspdy::command
