#include "pod_files.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

#include "remote_path.h"
#include "uvspdy/kube/protocol/error.h"

namespace uvspdy::command {
namespace {

// `test` exits with 1 for "no", and with more for a mistake. Where there is none, the shell has
// one.
Result<bool> answer(Pod& pod, const std::string& question, const std::string& path) {
  Result<kube::ExitStatus> status = pod.run({"test", question, as_argument(path)});
  if (is_missing(status)) {
    status = pod.run({"sh", "-c", "test \"$1\" \"$2\"", "sh", question, as_argument(path)});
  }
  if (status && status->code <= 1) return status->code == 0;
  if (!is_missing(status)) return failure_of(status);
  return Error(std::make_error_code(std::errc::io_error),
               "the pod has neither test nor sh, one of which this copy needs: " +
                   failure_of(status).message());
}

}  // namespace

bool is_missing(const Result<kube::ExitStatus>& status) {
  constexpr int kNotFound = 127;
  constexpr int kCannotRun = 126;
  if (status) return status->code == kNotFound || status->code == kCannotRun;
  // Container runtimes that could not start a command send the reason, and no exit code.
  const std::string& text = status.error().message();
  return status.error().code() == kube::Errc::kCommandFailed &&
         (text.find("executable file not found") != std::string::npos ||
          text.find("no such file or directory") != std::string::npos ||
          text.find("permission denied") != std::string::npos);
}

Result<bool> is_folder(Pod& pod, const std::string& path) { return answer(pod, "-d", path); }

Result<bool> is_writable(Pod& pod, const std::string& folder, const std::string& name) {
  const std::string trial = as_argument(join(folder, name));
  const Result<kube::ExitStatus> made = pod.run({"mkdir", trial}, nullptr, [](std::string_view) {});
  if (is_missing(made)) return answer(pod, "-w", folder);
  if (made && made->code != 0) return false;
  const bool is_removed = pod.tidy_up({"rmdir", trial});
  if (!made) return failure_of(made);
  if (is_removed) return true;
  return Error(std::make_error_code(std::errc::io_error),
               "cannot remove the folder " + trial + ", which was made in the pod as a trial");
}

Result<std::uint64_t> size_of(Pod& pod, const std::string& file) {
  std::string output;
  if (Error problem = pod.run_well({"wc", "-c", as_argument(file)}, &output)) return problem;
  const std::size_t first = std::min(output.find_first_not_of(' '), output.size());
  std::uint64_t size = 0;
  const char* last = output.data() + output.size();
  const auto [end, error] = std::from_chars(output.data() + first, last, size);
  if (error == std::errc() && end != last && *end == ' ') return size;
  return Error(
      std::make_error_code(std::errc::io_error),
      "wc in the pod was asked for the size of " + file + " and printed no number: " + output);
}

Result<bool> has_gnu_tar(Pod& pod) {
  std::string version;
  const Result<kube::ExitStatus> status = pod.run({"tar", "--version"}, &version);
  if (is_missing(status)) return false;
  if (!status) return failure_of(status);
  return version.find("GNU tar") != std::string::npos;
}

Result<std::vector<std::string>> literal_names(Pod& pod, const std::string& path) {
  std::vector<std::string> options;
  if (path.find('\\') == std::string::npos) return options;
  const Result<bool> gnu = has_gnu_tar(pod);
  if (!gnu) return gnu.error();
  if (*gnu) options.emplace_back("--no-unquote");
  return options;
}

}  // namespace uvspdy::command
