#include "merge_in_pod.h"

#include "pod_files.h"
#include "remote_path.h"

namespace uvspdy::command {
namespace {

// Arguments: the folder to move from, the folder to move to, the temporary name. Folders first, the
// outer ones before the inner ones; then everything else; then the modes and times of folders, the
// inner ones first, where the user may change them.
//
// BusyBox find tells the exit status of its last command only, and not that one could not be
// started, so each shell prints how many files it has done. The originals are not removed
// meanwhile, for the times of their folders are needed, and because a folder may be closed.
constexpr const char* kMoveEach = R"sh(
command -v find >/dev/null || exit 127

# Of the lines of a name that has line breaks in it, one has the two slashes.
count() {
  total=0
  while read -r line; do
    case $line in *//*) total=$((total + 1)) ;; esac
  done
  echo "$total"
}

sum() {
  total=0
  while read -r number; do total=$((total + number)); done
  echo "$total"
}

is_below='
  is_below() {
    path=$1
    while [ "$path" != "$to" ]; do
      if [ -L "$path" ]; then
        echo "cannot copy to $1: $path is a symbolic link" >&2
        return 1
      fi
      path=${path%/*}
    done
  }
'

folders=$(find "$1//." -type d -print | count)
made=$(find "$1" -type d -exec sh -c "$is_below"'
  from=$1 to=$2 made=0
  shift 2
  for folder do
    target=$to${folder#"$from"}
    is_below "$target" || continue
    if [ -d "$target" ] || mkdir "$target"; then made=$((made + 1)); fi
  done
  echo "$made"
' sh "$1" "$2" {} + | sum)

files=$(find "$1//." ! -type d -print | count)
moved=$(find "$1" ! -type d -exec sh -c "$is_below"'
  from=$1 to=$2 name=$3 moved=0
  shift 3
  for file do
    target=$to${file#"$from"}
    part=${target%/*}/$name
    # It has been said why this folder is not there.
    if [ ! -d "${target%/*}" ] || ! is_below "${target%/*}" 2>/dev/null; then continue; fi
    if [ -d "$target" ] && [ ! -L "$target" ]; then
      echo "cannot overwrite directory $target with non-directory" >&2
      continue
    fi
    if { [ ! -L "$file" ] && ln "$file" "$part" 2>/dev/null; } || cp -a "$file" "$part" ||
        cp -P "$file" "$part"; then
      # mv would move the file into the folder that such a link leads to.
      [ ! -d "$target" ] || rm -f "$target"
      if mv -f "$part" "$target"; then moved=$((moved + 1)); fi
    fi
    if [ -e "$part" ] || [ -L "$part" ]; then rm -f "$part"; fi
  done
  echo "$moved"
' sh "$1" "$2" "$3" {} + | sum)

find "$1" -depth -type d -exec sh -c "$is_below"'
  from=$1 to=$2
  shift 2
  for folder do
    target=$to${folder#"$from"}
    [ -w "$target" ] && is_below "$target" || continue
    chown "$(stat -c %u:%g "$folder")" "$target"
    chmod "$(stat -c %a "$folder")" "$target"
    touch -r "$folder" "$target"
  done
' sh "$1" "$2" {} + 2>/dev/null
[ "$made" = "$folders" ] && [ "$moved" = "$files" ] || exit 1
)sh";

}  // namespace

Error merge_in_pod(Pod& pod, const std::string& from, const std::string& to,
                   const std::string& temporary, Leftovers& leftovers) {
  leftovers.add_below(to, temporary);
  const Result<kube::ExitStatus> moved =
      pod.run({"sh", "-c", kMoveEach, "sh", from, to, temporary});
  const bool has_ended = moved && moved->code <= 1;
  if (has_ended || is_missing(moved)) leftovers.forget_below();
  if (!is_missing(moved)) return failure_of(moved);
  return pod.run_well({"cp", "-alf", join(from, "."), to});
}

}  // namespace uvspdy::command
