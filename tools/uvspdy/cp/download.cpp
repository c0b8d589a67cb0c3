#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "copy.h"
#include "pod_command.h"
#include "remote_path.h"
#include "staging_folder.h"
#include "unpack.h"

namespace uvspdy::command {

Result<std::vector<std::string>> literal_names(Pod& pod, const std::string& path) {
  std::vector<std::string> options;
  if (path.find('\\') == std::string::npos) return options;
  std::string version;
  const Result<kube::ExitStatus> status = pod.run({"tar", "--version"}, &version);
  if (!status) return failure_of(status);
  if (version.find("GNU tar") != std::string::npos) options.emplace_back("--no-unquote");
  return options;
}

Error download(Pod& pod, const std::string& remote, const std::string& local,
               const CopyOptions& options) {
  const std::string base = base_of(remote);
  // A path without a name of its own ("/", "..") is copied by its content.
  const std::string folder = base.empty() ? without_trailing_slashes(remote) : parent_of(remote);
  const Result<std::vector<std::string>> literal = literal_names(pod, remote);
  if (!literal) return literal.error();
  std::vector<std::string> words = {"tar", "cf", "-"};
  words.insert(words.end(), literal->begin(), literal->end());
  words.insert(words.end(), {"-C", as_argument(folder), base.empty() ? "." : as_argument(base)});

  Result<StagingFolder> staging = StagingFolder::make(local, [&pod] { (void)pod.go_on(); });
  if (!staging) return staging.error();
  Error problem;
  {
    PodCommand tar(pod, std::move(words));
    problem = unpack([&tar] { return tar.read(); },
                     {.name = base,
                      .target = staging->content(),
                      .preserve = options.preserve,
                      .go_on = [&pod] { return pod.go_on(); }},
                     pod.console());
    if (problem && !tar.ended()) {
      tar.cancel();  // the archive is bad, or this side has failed
    } else if (const Error failure = failure_of(tar.wait())) {
      problem = failure;  // tar's failure explains what was missing in the archive
    }
  }
  pod.console().finish();
  if (problem) return problem;
  if (pod.signal() != 0) return Error(std::make_error_code(std::errc::interrupted), "interrupted");
  std::error_code ignored;
  if (!std::filesystem::exists(std::filesystem::symlink_status(staging->content(), ignored))) {
    return Error(std::make_error_code(std::errc::io_error),
                 "there is nothing in the archive of " + remote + " that could be copied");
  }
  return staging->move_to(local, base);
}

}  // namespace uvspdy::command
