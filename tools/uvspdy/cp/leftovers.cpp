#include "leftovers.h"

#include <utility>
#include <vector>

namespace uvspdy::command {

void Leftovers::add(std::string path) {
  paths_.push_back(std::move(path));
  ++remaining_;
}

void Leftovers::add_below(std::string folder, std::string name) {
  folder_ = std::move(folder);
  names_.push_back(std::move(name));
  if (names_.size() > kKept) names_.pop_front();
}

bool Leftovers::remove_files(Pod& pod) {
  if (names_.empty()) return true;
  std::vector<std::string> words = {"find", folder_, "("};
  for (const std::string& name : names_) {
    if (words.back() != "(") words.emplace_back("-o");
    words.insert(words.end(), {"-name", name});
  }
  words.insert(words.end(), {")", "-exec", "rm", "-f", "{}", "+"});
  return pod.tidy_up(std::move(words));
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
  const bool are_files_gone = remove_files(pod);
  if (!pod.tidy_up(std::move(words)) || !are_files_gone) return;
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
