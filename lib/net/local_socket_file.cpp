#include "net/local_socket_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "net/address.h"
#include "uvspdy/net/error.h"

namespace uvspdy::net {
namespace {

Descriptor local_socket() {
  return Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/// Locks a folder while a socket in it is bound and does not listen yet, because to other listeners
/// such a socket looks left over. The lock is optional: if the folder cannot be locked, or another
/// process keeps the lock, we go on without it, because a loop's thread must not wait. At worst,
/// two listeners that start on one path at the same moment replace each other's file.
Descriptor lock_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Descriptor lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock) return lock;
  for (int tries = 0; tries < 16; ++tries) {
    if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) break;
    std::this_thread::yield();  // the lock is held for microseconds
  }
  return lock;
}

/// Removes the file at the path if it is a socket that nobody listens on.
Error remove_stale(const std::string& path, const sockaddr_storage& address) {
  const std::string what = "listen on " + local_name(path);
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return uv_error(-errno, what);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return Error(Errc::kBadAddress, "cannot " + what +
                                        ": there is a file that is no socket; remove it, or give "
                                        "another path");
  }
  const Descriptor probe = local_socket();
  if (!probe) return uv_error(-errno, what);
  if (connect(probe.get(), base_of(address), sizeof(sockaddr_un)) == 0 || errno != ECONNREFUSED) {
    return uv_error(UV_EADDRINUSE, what);
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return uv_error(-errno, what + ": remove the socket that was left over");
  }
  return {};
}

}  // namespace

LocalSocketFile::LocalSocketFile(std::string path, const struct stat& created)
    : path_(std::move(path)), device_(created.st_dev), inode_(created.st_ino) {}

LocalSocketFile::~LocalSocketFile() {
  struct stat found {};
  if (lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_) {
    unlink(path_.c_str());
  }
}

Result<LocalListeningSocket> listen_local(const std::string& path, int backlog, unsigned mode) {
  if (Error error = check_socket_path(path)) return error;
  const std::string what = "listen on " + local_name(path);
  const sockaddr_storage address = local_address(path);
  LocalListeningSocket listening;
  listening.socket = local_socket();
  const int fd = listening.socket.get();
  // Linux gives the file the permissions of the socket, less the umask, so never more than were
  // asked for. The umask itself belongs to the whole process.
  if (fd < 0 || fchmod(fd, mode) != 0) return uv_error(-errno, what);

  const Descriptor lock = lock_folder_of(path);
  int bound = bind(fd, base_of(address), sizeof(sockaddr_un));
  if (bound != 0 && errno == EADDRINUSE) {
    if (Error error = remove_stale(path, address)) return error;
    bound = bind(fd, base_of(address), sizeof(sockaddr_un));
  }
  if (bound != 0) return uv_error(-errno, what);
  struct stat created {};
  if (lstat(path.c_str(), &created) != 0) return uv_error(-errno, what);
  listening.file = std::make_unique<LocalSocketFile>(path, created);
  // Restores the permissions that the umask has removed.
  if ((created.st_mode & 07777) != mode &&
      fchmodat(AT_FDCWD, path.c_str(), mode, AT_SYMLINK_NOFOLLOW) != 0) {
    return uv_error(-errno, what + ": set its permissions");
  }
  if (listen(fd, backlog) != 0) return uv_error(-errno, what);
  return listening;
}

}  // namespace uvspdy::net
