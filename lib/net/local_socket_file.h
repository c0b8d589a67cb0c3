#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>

#include "net/descriptor.h"
#include "uvspdy/error.h"

namespace uvspdy::net {

/// The file of a local socket that listens. Destroying this object removes the file, unless another
/// file has taken its place.
class LocalSocketFile {
 public:
  LocalSocketFile(std::string path, const struct stat& created);
  ~LocalSocketFile();
  LocalSocketFile(const LocalSocketFile&) = delete;
  LocalSocketFile& operator=(const LocalSocketFile&) = delete;

 private:
  std::string path_;
  dev_t device_;
  ino_t inode_;
};

struct LocalListeningSocket {
  Descriptor socket;
  std::unique_ptr<LocalSocketFile> file;
};

/// Makes a local socket that listens, as Listener::listen_pipe promises.
Result<LocalListeningSocket> listen_local(const std::string& path, int backlog, unsigned mode);

}  // namespace uvspdy::net
