#include "cat.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "descriptor.h"
#include "file_content.h"
#include "pod_command.h"
#include "pod_files.h"
#include "remote_path.h"

namespace uvspdy::command {
namespace {

constexpr std::size_t kBlock = 64 * 1024;

Error system_failure(const std::string& what) {
  return Error(std::error_code(errno, std::generic_category()), what + ": " + std::strerror(errno));
}

Error failed(std::string text) {
  return Error(std::make_error_code(std::errc::io_error), std::move(text));
}

/// Writes a command's output to a file. Returns how many bytes there were.
Result<std::uint64_t> save_output(Pod& pod, PodCommand& command, int file,
                                  const std::string& path) {
  std::uint64_t count = 0;
  for (Bytes bytes = command.read(); !bytes.empty(); bytes = command.read()) {
    while (!bytes.empty()) {
      const ssize_t written = write(file, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return system_failure("cannot write " + path);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      count += static_cast<std::uint64_t>(written);
      pod.console().add(static_cast<std::size_t>(written));
    }
  }
  return count;
}

}  // namespace

Result<Copied> copy_by_cat(Pod& pod, const std::string& remote, const std::string& local) {
  const Result<bool> folder = is_folder(pod, remote);
  if (folder && *folder) {
    return failed("the pod has no tar, which copying the folder " + remote +
                  " needs; without tar only single files can be copied");
  }
  pod.console().line("uvspdy cp: the pod has no tar; cat copies " + remote +
                     ", without its mode and time");
  const Result<std::uint64_t> size = size_of(pod, remote);
  if (!size) return size.error();
  Descriptor file(open(local.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file.get() < 0) return system_failure("cannot make " + local);
  pod.console().start(remote, *size);
  PodCommand cat(pod, {"cat", as_argument(remote)});
  const Result<std::uint64_t> count = save_output(pod, cat, file.get(), local);
  pod.console().finish();
  if (!count) return count.error();
  if (Error failure = failure_of(cat.wait())) return failure;
  if (pod.signal() != 0) return Error(std::make_error_code(std::errc::interrupted), "interrupted");
  if (*count < *size) {
    return failed("of " + remote + " there came " + std::to_string(*count) + " bytes of " +
                  std::to_string(*size) + "; try again when the file does not change");
  }
  if (!file.commit()) return system_failure("cannot write " + local);
  return Copied::kAll;
}

Error send_by_cat(Pod& pod, const std::string& local, const std::string& remote, bool keep_mode) {
  pod.console().line("uvspdy cp: the pod has no tar; cat copies " + local + ", without its time");
  const Descriptor file(open(local.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) {
    return system_failure("cannot read " + local);
  }
  std::vector<std::uint8_t> ahead;
  const Result<FileContent> content =
      FileContent::open(file.get(), local, ahead, [&pod] { return pod.go_on(); });
  if (!content) return content.error();
  pod.console().start(local, content->size);
  PodCommand cat(pod, {"sh", "-c", "cat >\"$1\"", "sh", as_argument(remote)},
                 PodCommand::Input::kGiven);
  Bytes bytes = ahead;
  for (std::uint64_t left = content->size; left > 0;) {
    if (!cat.write(bytes)) break;  // cat has failed, and says why
    pod.console().add(bytes.size());
    left -= bytes.size();
    if (left == 0) break;
    ahead.resize(kBlock);
    const Result<std::size_t> count =
        read_some(content->rest(file.get()),
                  std::span(ahead).first(std::min<std::uint64_t>(left, kBlock)), local);
    if (!count || *count == 0) {
      cat.cancel();
      if (!count) return count.error();
      return failed(local + " was cut short while it was read; try again when it does not change");
    }
    bytes = Bytes(ahead).first(*count);
  }
  cat.close_input();
  const Result<kube::ExitStatus>& end = cat.wait();
  pod.console().finish();
  if (is_missing(end)) {
    return failed("the pod has neither tar nor sh, one of which this copy needs: " +
                  failure_of(end).message());
  }
  if (Error failure = failure_of(end)) return failure;
  const Result<std::uint64_t> size = size_of(pod, remote);
  if (!size) return size.error();
  if (*size != content->size) {
    return failed("the other side has not got all of " + local + ": of " +
                  std::to_string(content->size) + " bytes it counts " + std::to_string(*size));
  }
  if (!keep_mode) return {};
  std::array<char, 8> mode{};
  std::snprintf(mode.data(), mode.size(), "%04o", status.st_mode & 0777U);
  const Result<kube::ExitStatus> changed = pod.run({"chmod", mode.data(), as_argument(remote)});
  if (!is_missing(changed)) return failure_of(changed);
  pod.console().line("uvspdy cp: the pod has no chmod: the copy has the mode of a new file");
  return {};
}

Error read_empty_file(Pod& pod, const std::string& remote, const std::string& local) {
  struct stat before {};
  if (lstat(local.c_str(), &before) != 0) return system_failure("cannot read " + local);
  if (chmod(local.c_str(), S_IRUSR | S_IWUSR) != 0) return system_failure("cannot write " + local);
  Descriptor file(open(local.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
  if (file.get() < 0) return system_failure("cannot write " + local);
  PodCommand cat(pod, {"cat", as_argument(remote)}, PodCommand::Input::kNone,
                 [](std::string_view) {});
  const Result<std::uint64_t> count = save_output(pod, cat, file.get(), local);
  if (!count) return count.error();
  const Result<kube::ExitStatus>& status = cat.wait();
  if (pod.signal() != 0) return Error(std::make_error_code(std::errc::interrupted), "interrupted");
  const bool has_ended = status || is_missing(status);
  if (!has_ended || (*count > 0 && failure_of(status))) return failure_of(status);
  const std::array<timespec, 2> times = {before.st_atim, before.st_mtim};
  if (fchmod(file.get(), before.st_mode) != 0 || futimens(file.get(), times.data()) != 0) {
    return system_failure("cannot write " + local);
  }
  if (!file.commit()) return system_failure("cannot write " + local);
  return {};
}

}  // namespace uvspdy::command
