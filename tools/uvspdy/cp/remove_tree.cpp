#include "remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>

#include "descriptor.h"

namespace uvspdy::command {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

/// Empties `top`. A folder in a folder is moved up into `top`, and is emptied there: no path is
/// longer than two names, nothing recurses, and three descriptors are open at most.
class Removal {
 public:
  Removal(int top, const std::function<void()>& breathe) : top_(top), breathe_(breathe) {}

  // Reading a folder may miss what is moved into it meanwhile, so it is read until nothing changes.
  void run() {
    do {
      changed_ = false;
      for_each(top_, [this](const char* name) { remove_from_top(name); });
    } while (changed_);
  }

 private:
  template <class Take>
  void for_each(int folder, Take take) {
    // Its own place in the folder: a duplicate would share it.
    Descriptor again(openat(folder, ".", kFolder));
    const std::unique_ptr<DIR, CloseDir> entries(fdopendir(again.get()));
    if (!entries) return;
    (void)again.release();
    while (const dirent* entry = readdir(entries.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      breathe_();
      take(name.c_str());
    }
  }

  // Whether a call has done its work.
  bool done(int status) {
    if (status != 0) return false;
    changed_ = true;
    return true;
  }

  // Returns whether it is a folder, which stays.
  bool remove_file(int folder, const char* name) {
    return !done(unlinkat(folder, name, 0)) && errno == EISDIR;
  }

  // Only the content of a folder that is writable and readable can be removed. Where this fails,
  // the removal does, too.
  static void open_up(int folder, const char* name) {
    [[maybe_unused]] const int ignored = fchmodat(folder, name, S_IRWXU, 0);
  }

  void remove_from_top(const char* name) {
    if (!remove_file(top_, name)) return;
    open_up(top_, name);
    const Descriptor folder(openat(top_, name, kFolder));
    if (folder.get() < 0) return;
    for_each(folder.get(), [&](const char* child) {
      if (remove_file(folder.get(), child)) move_up(folder.get(), child);
    });
    done(unlinkat(top_, name, AT_REMOVEDIR));
  }

  // A folder must be writable to be moved, for its ".." changes.
  void move_up(int folder, const char* name) {
    open_up(folder, name);
    done(renameat(folder, name, top_, std::to_string(moved_++).c_str()));
  }

  int top_;
  const std::function<void()>& breathe_;
  std::uint64_t moved_ = 0;
  bool changed_ = false;
};

}  // namespace

void remove_tree(const std::string& folder, const std::function<void()>& breathe) {
  {
    const Descriptor top(open(folder.c_str(), kFolder));
    if (top.get() < 0) return;
    Removal(top.get(), breathe).run();
  }
  rmdir(folder.c_str());
}

}  // namespace uvspdy::command
