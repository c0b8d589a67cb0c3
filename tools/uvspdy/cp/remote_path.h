#pragma once

#include <string>
#include <string_view>

namespace uvspdy::command {

// Paths of the other side, by their text alone: nothing here asks for what is there.

/// The same path such that no command takes it for an option, nor tar for an archive ('@').
std::string as_argument(std::string_view path);

/// Without the slashes at its end; "/" stays.
std::string without_trailing_slashes(std::string_view path);

/// The folder that the path's last part is in: "." for "x", "/" for "/x".
std::string parent_of(std::string_view path);

/// The last part; empty where it names nothing by itself: "/", ".", "..".
std::string base_of(std::string_view path);

std::string join(std::string_view folder, std::string_view name);

}  // namespace uvspdy::command
