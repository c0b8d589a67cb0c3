#pragma once

#include <string>
#include <string_view>

#include "uvspdy/error.h"

/// Writes a file that only its owner may read, under a temporary name beside it and then renamed:
/// nobody ever sees half of it, and what was there stays until then. A symbolic link stays one, and
/// what it leads to is replaced.
/// Errors: libuv's; std::errc::invalid_argument for what is no regular file.
uvspdy::Error replace_file(const std::string& path, std::string_view text);
