#pragma once

#include <string>
#include <vector>

#include "pod.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

struct CopyOptions {
  /// Modes and times as they were; else as new files have them.
  bool preserve = true;
};

// Both run the loop until all is done or has failed. What fails leaves nothing half done: a file
// has its name only when all of it is there. Errors: one line for people.

/// Copies from the pod: `tar cf -` there, unpacked here under a temporary name, renamed when tar
/// has ended well and its archive has an end.
Error download(Pod& pod, const std::string& remote, const std::string& local,
               const CopyOptions& options);

/// Where an upload goes on the other side.
struct UploadTarget {
  std::string path;
  std::string folder;  ///< that it is in, which is there
};

/// What `remote` means for it: that path, or one in it when it is a folder. To be asked once:
/// what an upload that was cut off has moved to its place would make it another one. Errors: there
/// is nothing to copy, and a folder where a file must go or none where one was named.
Result<UploadTarget> find_upload_target(Pod& pod, const std::string& local,
                                        const std::string& remote);

/// Copies to the pod: `tar xf -` there, into a temporary folder beside the target, moved by another
/// command when tar has ended well and the last file has its size. What an earlier one has left
/// there is replaced by the same.
Error upload(Pod& pod, const std::string& local, const UploadTarget& target,
             const CopyOptions& options);

/// The options that tar needs to take a path as it is written: GNU's would read "\n" in one as a
/// line's end, and the others do not know how to be told.
Result<std::vector<std::string>> literal_names(Pod& pod, const std::string& path);

}  // namespace uvspdy::command
