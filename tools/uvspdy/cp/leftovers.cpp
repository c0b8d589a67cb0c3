#include "leftovers.h"

#include <utility>
#include <vector>

namespace uvspdy::command {
namespace {

// Arguments: a folder, or a link to one, and what find takes to select files. A folder below that
// cannot be read, such as lost+found, fails find, and has none of the files.
constexpr const char* kRemoveBelow = R"sh(
folder=$1
shift
find "$folder/." "(" "$@" ")" -exec rm -f {} + 2>/dev/null
[ -z "$(find "$folder/." "(" "$@" ")" -print 2>/dev/null)" ]
)sh";

}  // namespace

void Leftovers::add(std::string path) {
  paths_.push_back(std::move(path));
  ++remaining_;
}

void Leftovers::add_below(std::string folder, std::string name) {
  folder_ = std::move(folder);
  names_.push_back(std::move(name));
  if (names_.size() > kKept) names_.pop_front();
  are_files_left_ = true;
}

void Leftovers::forget_below() {
  names_.pop_back();
  are_files_left_ = !names_.empty() && are_files_left_;
}

void Leftovers::remove_files(Pod& pod) {
  if (names_.empty()) return;
  std::vector<std::string> words = {"sh", "-c", kRemoveBelow, "sh", folder_};
  for (const std::string& name : names_) {
    if (words.back() != folder_) words.emplace_back("-o");
    words.insert(words.end(), {"-name", name});
  }
  are_files_left_ = !pod.tidy_up(std::move(words));
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
  if (pod.tidy_up(std::move(words))) {
    remaining_ = 0;
    while (paths_.size() > kKept) paths_.pop_front();
  }
  remove_files(pod);
}

std::string Leftovers::remaining() const {
  std::string text;
  for (std::size_t i = paths_.size() - remaining_; i < paths_.size(); ++i) {
    text += (text.empty() ? "" : ", ") + paths_[i];
  }
  if (are_files_left_) {
    text += (text.empty() ? "" : ", ") + names_.back() + " in folders below " + folder_;
  }
  return text;
}

}  // namespace uvspdy::command
