#pragma once

#include <cstddef>
#include <string>

#include "uvspdy/error.h"

namespace uvspdy::kube {

/// What a file holds. Errors: libuv's (UV_ENOENT among them), with a text that names the file;
/// UV_EFBIG for more than `limit` bytes. Pipes are read until their writer has ended.
Result<std::string> read_file(const std::string& path, std::size_t limit);

/// The same for a file that a dial waits for: a pipe without a writer is empty, and one with a
/// writer that says nothing is UV_EAGAIN.
Result<std::string> read_file_at_once(const std::string& path, std::size_t limit);

/// Whether `error` is libuv's `number`, UV_ENOENT say.
bool is_uv_error(const Error& error, int number);

}  // namespace uvspdy::kube
