#pragma once

#include <string>
#include <string_view>

namespace uvspdy::command {

// Paths in the pod, as texts: nothing here looks at the pod's files.

/// The path such that no command takes it for an option, nor tar for an archive ('@').
std::string as_argument(std::string_view path);

/// The path without the slashes at its end; "/" stays.
std::string without_trailing_slashes(std::string_view path);

/// The folder that the path's last part is in: "." for "x", "/" for "/x".
std::string parent_of(std::string_view path);

/// The last part; empty where it names nothing by itself: "/", ".", "..".
std::string base_of(std::string_view path);

std::string join(std::string_view folder, std::string_view name);

}  // namespace uvspdy::command
