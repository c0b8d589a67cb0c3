#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pod.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

// Questions to the pod, each answered by a command that runs there.

/// Whether a command did not run because the pod has no such program, or none that can be run.
bool is_missing(const Result<kube::ExitStatus>& status);

/// Whether a path in the pod is a folder, or a link to one. Errors: those of kube::exec, and of a
/// pod without `test`.
Result<bool> is_folder(Pod& pod, const std::string& path);

/// Whether files can be made in a folder in the pod: makes a folder `name` there, which must not
/// exist, and removes it again, because `test -w` of BusyBox tells root that all folders can be
/// written to, also on a file system that is read-only. Where there is no `mkdir`, asks `test`.
/// Errors: as is_folder; also when the folder cannot be removed.
Result<bool> is_writable(Pod& pod, const std::string& folder, const std::string& name);

/// The number of bytes in a file, as `wc` counts them. Errors: those of kube::exec; also when `wc`
/// fails, or prints no number.
Result<std::uint64_t> size_of(Pod& pod, const std::string& file);

/// Whether the pod's tar is GNU's. Errors: those of kube::exec.
Result<bool> has_gnu_tar(Pod& pod);

/// The options with which the pod's tar takes a path literally. GNU tar would read "\n" in it as an
/// end of line; other tars have no such option. Asks for tar's version if the path has a backslash.
Result<std::vector<std::string>> literal_names(Pod& pod, const std::string& path);

}  // namespace uvspdy::command
