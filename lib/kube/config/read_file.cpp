#include "kube/config/read_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <cerrno>

#include "uvspdy/net/error.h"

namespace uvspdy::kube {
namespace {

/// A file descriptor that is closed with its owner.
class OpenFile {
 public:
  OpenFile(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC)) {}
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<std::string> read_with(const std::string& path, std::size_t limit, int flags) {
  const auto failure = [&path](int number) { return net::uv_error(number, "read " + path); };
  const OpenFile file(path, O_RDONLY | flags);
  if (file.get() < 0) return failure(uv_translate_sys_error(errno));
  std::string content;
  std::array<char, 16 * 1024> block;
  for (;;) {
    const ssize_t count = read(file.get(), block.data(), block.size());
    if (count == 0) return content;
    if (count < 0) {
      if (errno == EINTR) continue;
      return failure(uv_translate_sys_error(errno));
    }
    content.append(block.data(), static_cast<std::size_t>(count));
    if (content.size() > limit) {
      return Error(std::error_code(UV_EFBIG, net::uv_category()),
                   "read " + path + ": it is larger than " + std::to_string(limit) + " bytes");
    }
  }
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  return read_with(path, limit, 0);
}

Result<std::string> read_file_at_once(const std::string& path, std::size_t limit) {
  return read_with(path, limit, O_NONBLOCK);
}

bool is_uv_error(const Error& error, int number) {
  return error.code() == std::error_code(number, net::uv_category());
}

}  // namespace uvspdy::kube
