#include "file_content.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace uvspdy::command {
namespace {

constexpr std::size_t kAhead = 256 * 1024;
constexpr std::size_t kBlock = 64 * 1024;

Error system_failure(const std::string& what) {
  return Error(std::error_code(errno, std::generic_category()), what + ": " + std::strerror(errno));
}

Error interrupted() { return Error(std::make_error_code(std::errc::interrupted), "interrupted"); }

}  // namespace

Result<std::size_t> read_some(int file, std::span<std::uint8_t> room, const std::string& path) {
  for (;;) {
    const ssize_t count = read(file, room.data(), room.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return system_failure("cannot read " + path);
  }
}

Result<FileContent> FileContent::open(int file, const std::string& path,
                                      std::vector<std::uint8_t>& ahead,
                                      const std::function<bool()>& go_on) {
  ahead.resize(kAhead);
  std::size_t count = 0;
  while (count < ahead.size()) {
    if (!go_on()) return interrupted();
    const Result<std::size_t> more = read_some(file, std::span(ahead).subspan(count), path);
    if (!more) return more.error();
    if (*more == 0) break;
    count += *more;
  }
  ahead.resize(count);
  if (count < kAhead) return FileContent{count};

  struct stat status {};
  if (fstat(file, &status) != 0) return system_failure("cannot read " + path);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > count) return FileContent{size};
  FileContent content{count, std::unique_ptr<std::FILE, Close>(std::tmpfile())};
  if (!content.copy) return system_failure("cannot make a temporary file for " + path);
  std::array<std::uint8_t, kBlock> block;
  for (;;) {
    if (!go_on()) return interrupted();
    const Result<std::size_t> more = read_some(file, block, path);
    if (!more) return more.error();
    if (*more == 0) break;
    if (std::fwrite(block.data(), 1, *more, content.copy.get()) != *more) {
      return system_failure("cannot make a temporary file for " + path);
    }
    content.size += *more;
  }
  if (std::fflush(content.copy.get()) != 0 || lseek(fileno(content.copy.get()), 0, SEEK_SET) != 0) {
    return system_failure("cannot make a temporary file for " + path);
  }
  return content;
}

}  // namespace uvspdy::command
