#include "serve/replace_file.h"

#include <uv.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "uvspdy/bytes.h"
#include "uvspdy/net/error.h"

namespace uvspdy::command {
namespace {

/// A synchronous libuv request to the file system; cleaned up by its destructor.
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

Result<FileReplacement> FileReplacement::write(const std::string& path, std::string_view text) {
  std::error_code missing;
  const std::filesystem::path resolved = std::filesystem::canonical(path, missing);
  const std::string target = missing ? path : resolved.string();
  std::error_code ignored;
  if (!missing && !std::filesystem::is_regular_file(target, ignored)) {
    return Error(std::make_error_code(std::errc::invalid_argument),
                 path + " is there, and is no regular file; name another");
  }
  FsRequest request;
  const int fd = uv_fs_mkstemp(nullptr, request.get(), (target + ".XXXXXX").c_str(), nullptr);
  if (fd < 0) return net::uv_error(fd, "make a file beside " + path);
  FileReplacement replacement(path, target, request.get()->path);
  int status = write_all(fd, bytes_of(text));
  FsRequest close;
  const int closed = uv_fs_close(nullptr, close.get(), fd, nullptr);
  if (status >= 0) status = closed;
  if (status < 0) return net::uv_error(status, "write " + path);
  return replacement;
}

FileReplacement::FileReplacement(std::string path, std::string target, std::string temporary)
    : path_(std::move(path)), target_(std::move(target)), temporary_(std::move(temporary)) {}

FileReplacement::FileReplacement(FileReplacement&& other) noexcept
    : path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})) {}

FileReplacement::~FileReplacement() {
  if (temporary_.empty()) return;
  FsRequest request;
  uv_fs_unlink(nullptr, request.get(), temporary_.c_str(), nullptr);
}

Error FileReplacement::put_in_place() {
  FsRequest request;
  const int status =
      uv_fs_rename(nullptr, request.get(), temporary_.c_str(), target_.c_str(), nullptr);
  if (status < 0) return net::uv_error(status, "write " + path_);
  temporary_.clear();
  return {};
}

}  // namespace uvspdy::command
