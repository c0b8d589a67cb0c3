#include "merge_in_pod.h"

#include <cstddef>
#include <string_view>
#include <vector>

#include "pod_files.h"
#include "remote_path.h"

namespace uvspdy::command {
namespace {

// The most lines of a command's stderr that are kept until it is known whether they matter.
constexpr std::size_t kMaxLines = 20;

// Arguments: the folder to move from, the folder to move to, the temporary name. Folders first, the
// outer ones before the inner ones; then everything else; then the modes and times of folders, the
// inner ones first, where the user may change them.
constexpr const char* kCopyEach = R"sh(
find "$1" -type d -exec sh -c '
  from=$1 to=$2 failed=0
  shift 2
  for folder do
    target=$to${folder#"$from"}
    [ -d "$target" ] || mkdir "$target" || failed=1
  done
  exit $failed
' sh "$1" "$2" {} + || exit 1

find "$1" ! -type d -exec sh -c '
  from=$1 to=$2 name=$3 failed=0
  shift 3
  for file do
    target=$to${file#"$from"}
    part=${target%/*}/$name
    if [ -d "$target" ] && [ ! -L "$target" ]; then
      echo "cannot overwrite directory $target with non-directory" >&2
      failed=1
      continue
    fi
    if cp -a "$file" "$part" || cp -P "$file" "$part"; then
      [ ! -L "$target" ] || rm -f "$target"
      mv -f "$part" "$target" || failed=1
    else
      failed=1
    fi
    rm -f "$part"
  done
  exit $failed
' sh "$1" "$2" "$3" {} + || exit 1

find "$1" -depth -type d -exec sh -c '
  from=$1 to=$2
  shift 2
  for folder do
    target=$to${folder#"$from"}
    [ -w "$target" ] || continue
    chown "$(stat -c %u:%g "$folder")" "$target"
    chmod "$(stat -c %a "$folder")" "$target"
    touch -r "$folder" "$target"
  done
' sh "$1" "$2" {} + 2>/dev/null
exit 0
)sh";

}  // namespace

Error merge_in_pod(Pod& pod, const std::string& from, const std::string& to,
                   const std::string& temporary, Leftovers& leftovers) {
  std::vector<std::string> lines;
  const Result<kube::ExitStatus> linked =
      pod.run({"cp", "-alf", join(from, "."), to}, nullptr, [&lines](std::string_view line) {
        if (lines.size() < kMaxLines) lines.emplace_back(line);
      });
  if (!linked || linked->code == 0) return failure_of(linked);
  leftovers.add_below(to, temporary);
  const Result<kube::ExitStatus> copied =
      pod.run({"sh", "-c", kCopyEach, "sh", from, to, temporary});
  if (!is_missing(copied)) return failure_of(copied);
  for (const std::string& line : lines) pod.console().line(line);
  return failure_of(linked);
}

}  // namespace uvspdy::command
