#include "replace_file.h"

#include <uv.h>

#include <filesystem>
#include <system_error>

#include "uvspdy/bytes.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;

namespace {

/// A synchronous request to the file system, cleaned up by itself.
class FsRequest {
 public:
  FsRequest() = default;
  ~FsRequest() { uv_fs_req_cleanup(&request_); }
  FsRequest(const FsRequest&) = delete;
  FsRequest& operator=(const FsRequest&) = delete;
  uv_fs_t* get() { return &request_; }

 private:
  uv_fs_t request_{};
};

int write_all(uv_file fd, Bytes bytes) {
  while (!bytes.empty()) {
    FsRequest request;
    const uv_buf_t buffer = uv_buf_init(char_pointer(bytes), static_cast<unsigned>(bytes.size()));
    const int count = uv_fs_write(nullptr, request.get(), fd, &buffer, 1, -1, nullptr);
    if (count < 0) return count;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  FsRequest request;
  return uv_fs_fsync(nullptr, request.get(), fd, nullptr);
}

}  // namespace

Error replace_file(const std::string& path, std::string_view text) {
  std::error_code missing;
  const std::filesystem::path resolved = std::filesystem::canonical(path, missing);
  const std::string target = missing ? path : resolved.string();
  std::error_code ignored;
  if (!missing && !std::filesystem::is_regular_file(target, ignored)) {
    return Error(std::make_error_code(std::errc::invalid_argument),
                 path + " is there, and is no regular file; name another");
  }
  FsRequest temporary;
  const int fd = uv_fs_mkstemp(nullptr, temporary.get(), (target + ".XXXXXX").c_str(), nullptr);
  if (fd < 0) return net::uv_error(fd, "make a file beside " + path);
  const std::string name = temporary.get()->path;
  int status = write_all(fd, bytes_of(text));
  {
    FsRequest request;
    const int closed = uv_fs_close(nullptr, request.get(), fd, nullptr);
    if (status >= 0) status = closed;
  }
  if (status >= 0) {
    FsRequest request;
    status = uv_fs_rename(nullptr, request.get(), name.c_str(), target.c_str(), nullptr);
  }
  if (status >= 0) return {};
  FsRequest request;
  (void)uv_fs_unlink(nullptr, request.get(), name.c_str(), nullptr);
  return net::uv_error(status, "write " + path);
}
