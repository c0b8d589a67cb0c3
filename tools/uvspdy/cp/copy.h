#pragma once

#include <string>
#include <vector>

#include "pod.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

struct CopyOptions {
  /// Whether files keep their modes and times.
  bool preserve = true;
};

// These functions run the loop until they are done or have failed. A failure leaves no incomplete
// file: a file gets its name only when it is complete. Errors: one line for people.

/// Copies from the pod: runs `tar cf -` there, unpacks its archive here under a temporary name, and
/// renames that when tar has exited with 0 and the archive is complete.
Error download(Pod& pod, const std::string& remote, const std::string& local,
               const CopyOptions& options);

/// The target of an upload, in the pod.
struct UploadTarget {
  std::string path;
  std::string folder;  ///< the folder of `path`, which exists
};

/// Finds the target that `remote` means: that path or, if it is a folder, a path in it. Call it
/// once, before all attempts: a folder that an interrupted attempt has put there would change the
/// result. Errors: nothing to copy; a folder where a file must go; "remote/" that is no folder.
Result<UploadTarget> find_upload_target(Pod& pod, const std::string& local,
                                        const std::string& remote);

/// Copies to the pod: runs `tar xf -` there, into a temporary folder beside the target, whose
/// content another command moves when tar has exited with 0 and the last file has its size. The
/// result of an earlier attempt is replaced.
Error upload(Pod& pod, const std::string& local, const UploadTarget& target,
             const CopyOptions& options);

/// The options with which the pod's tar takes a path literally. GNU tar would read "\n" in it as an
/// end of line; other tars have no such option. Asks for tar's version if the path has a backslash.
Result<std::vector<std::string>> literal_names(Pod& pod, const std::string& path);

}  // namespace uvspdy::command
