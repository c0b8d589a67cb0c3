#pragma once

#include <cstddef>
#include <string>

#include "uvspdy/error.h"

namespace uvspdy::kube {

/// Reads a whole file. Errors: libuv's (UV_ENOENT and so on), with a text that names the file;
/// UV_EFBIG for more than `limit` bytes. A pipe is read until its writer closes it.
Result<std::string> read_file(const std::string& path, std::size_t limit);

/// Like read_file, but does not wait for the writer of a pipe: without a writer the content is
/// empty, with one that has written nothing the error is UV_EAGAIN.
Result<std::string> read_file_at_once(const std::string& path, std::size_t limit);

/// Whether `error` has libuv's error number `number`, such as UV_ENOENT.
bool is_uv_error(const Error& error, int number);

}  // namespace uvspdy::kube
