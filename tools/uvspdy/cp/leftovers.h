#pragma once

#include <deque>
#include <string>

#include "pod.h"

namespace uvspdy::command {

/// The temporary folders and files that the attempts of an upload have made in the pod. Those of an
/// attempt whose connection was lost are removed by a later attempt.
class Leftovers {
 public:
  /// Adds a path before it is made.
  void add(std::string path);

  /// Adds the files of this name in a folder, at any depth, before they are made.
  void add_below(std::string folder, std::string name);

  /// The files added last by `add_below` are gone: the command that makes them has ended.
  void forget_below();

  /// Some folders cannot be written to, not even by their owner.
  void expect_closed_folders() { has_closed_folders_ = true; }

  /// Removes all of them, if the pod can be reached.
  void remove(Pod& pod);

  /// The paths that may still be there; empty when they are known to be gone.
  std::string remaining() const;

 private:
  void remove_files(Pod& pod);

  // tar of a lost attempt may make its folder anew after it was removed, so some names are kept.
  static constexpr std::size_t kKept = 16;

  std::deque<std::string> paths_;
  std::size_t remaining_ = 0;  // the last ones of `paths_`
  std::string folder_;         // that has files of `names_` in it
  std::deque<std::string> names_;
  bool are_files_left_ = false;
  bool has_closed_folders_ = false;
};

}  // namespace uvspdy::command
