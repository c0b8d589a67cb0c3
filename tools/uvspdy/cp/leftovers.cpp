#include "leftovers.h"

#include <utility>
#include <vector>

namespace uvspdy::command {

void Leftovers::add(std::string path) {
  paths_.push_back(std::move(path));
  ++remaining_;
}

void Leftovers::remove(Pod& pod) {
  if (paths_.empty()) return;
  std::vector<std::string> words(paths_.begin(), paths_.end());
  if (has_closed_folders_) {
    // Not the modes of files: after a merge these files have names elsewhere, too.
    std::vector<std::string> open_up = words;
    open_up.insert(open_up.begin(), "find");
    open_up.insert(open_up.end(), {"-type", "d", "-exec", "chmod", "u+w", "{}", "+"});
    pod.tidy_up(std::move(open_up));
  }
  words.insert(words.begin(), {"rm", "-rf"});
  if (!pod.tidy_up(std::move(words))) return;
  remaining_ = 0;
  while (paths_.size() > kKept) paths_.pop_front();
}

std::string Leftovers::remaining() const {
  std::string text;
  for (std::size_t i = paths_.size() - remaining_; i < paths_.size(); ++i) {
    text += (text.empty() ? "" : ", ") + paths_[i];
  }
  return text;
}

}  // namespace uvspdy::command
