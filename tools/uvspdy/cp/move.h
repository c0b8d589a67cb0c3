#pragma once

#include <filesystem>
#include <functional>
#include <system_error>
#include <vector>

#include "uvspdy/error.h"

namespace uvspdy::command {

/// What is in a folder. The folder is closed again before anything is done with its entries: a tree
/// may be deeper than descriptors can be open.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder,
                                              std::error_code& error);

/// Moves a local file, link or folder to a path at which there is none, or a file or link that a
/// file or link replaces. Where it cannot be renamed, as to another file system, files are copied
/// one by one, each under a temporary name in its new folder, which is changed to the right name
/// when the file is complete; the originals stay. Modes and times are kept, hard links are not.
///
/// `go_on` is called again and again; false ends a copy. Errors: std::errc::interrupted then, and
/// the system's.
Error move(const std::filesystem::path& from, const std::filesystem::path& to,
           const std::function<bool()>& go_on);

}  // namespace uvspdy::command
