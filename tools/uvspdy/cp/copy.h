#pragma once

#include <string>

#include "leftovers.h"
#include "pod.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

struct CopyOptions {
  /// Whether files keep their modes and times.
  bool preserve = true;
  /// Whether the content of symbolic links is copied, instead of the links. A link that is itself
  /// the source is always followed.
  bool follow_links = false;
};

/// How much of the source a copy that has succeeded has.
enum class Copied {
  kAll,
  kPart,  ///< the console has said what could not be read, or not to its end
};

// These functions run the loop until they are done or have failed. A failure leaves no incomplete
// file: a file gets its name only when it is complete. Errors: one line for people.

/// Copies from the pod: runs `tar cf -` there, unpacks its archive here under a temporary name, and
/// renames that when the archive is complete and tar has exited with a code after which it is. If
/// the pod has no tar, copies a file by `cat`.
Result<Copied> download(Pod& pod, const std::string& remote, const std::string& local,
                        const CopyOptions& options);

/// The target of an upload, in the pod.
struct UploadTarget {
  std::string path;
  std::string folder;   ///< the folder of `path`, which exists
  std::string staging;  ///< the folder for temporary files
};

/// Finds the target that `remote` means: that path or, if it is a folder, a path in it. Call it
/// once, before all attempts: a folder that an interrupted attempt has put there would change the
/// result. Errors: nothing to copy; a folder where a file must go; "remote/" that is no folder.
Result<UploadTarget> find_upload_target(Pod& pod, const std::string& local,
                                        const std::string& remote);

/// Copies to the pod: runs `tar xf -` there, into a temporary folder, whose content another command
/// moves when tar has exited with 0 and the last file has its size. The result of an earlier
/// attempt is replaced, and its temporary folders are removed. If the pod has no tar, copies a file
/// by `cat`.
Result<Copied> upload(Pod& pod, const std::string& local, const UploadTarget& target,
                      const CopyOptions& options, Leftovers& leftovers);

}  // namespace uvspdy::command
