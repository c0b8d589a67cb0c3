#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cat.h"
#include "copy.h"
#include "merge_in_pod.h"
#include "pack.h"
#include "pod_command.h"
#include "pod_files.h"
#include "remote_path.h"

namespace uvspdy::command {

namespace fs = std::filesystem;

namespace {

Error failed(std::string text) {
  return Error(std::make_error_code(std::errc::io_error), std::move(text));
}

// A random name, which cannot exist yet nor be guessed.
Result<std::string> temporary_name() {
  std::array<unsigned char, 8> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return failed("there are no random numbers");
  }
  std::string name = ".uvspdy-cp-";
  for (const unsigned char byte : random) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", byte);
    name += digits.data();
  }
  return name;
}

Error is_in_the_way(const std::string& folder) {
  return failed("cannot overwrite directory " + folder + " with non-directory");
}

// The kind of a local file, or of the one that a link leads to.
fs::file_type kind_of(const std::string& path) {
  std::error_code ignored;
  return fs::status(path, ignored).type();
}

std::string local_base(const std::string& path) {
  std::string base = base_of(path);
  if (!base.empty()) return base;
  std::error_code ignored;
  return fs::canonical(path, ignored).filename().string();
}

Error check_source(const std::string& local) {
  std::error_code error;
  const fs::file_type kind = fs::status(local, error).type();
  if (kind == fs::file_type::regular || kind == fs::file_type::directory) return {};
  if (kind == fs::file_type::not_found) {
    std::error_code ignored;
    const fs::path link = fs::read_symlink(local, ignored);
    if (ignored) return failed(local + " doesn't exist in local filesystem");
    return failed(local + " is a symbolic link that leads nowhere: " + link.string());
  }
  if (error) return failed("cannot read " + local + ": " + error.message());
  return failed(local + " is no file or folder");
}

// The folder for temporary files while a folder is merged into `target.path`: in that folder, which
// may be a volume, or else in one that can be written to.
Result<std::string> staging_for_merge(Pod& pod, const UploadTarget& target,
                                      const std::string& local) {
  std::vector<std::string> candidates = {target.path, target.folder, "/tmp"};
  // Nothing can be removed from a folder that has got the mode of such a source.
  std::error_code ignored;
  const fs::perms mode = fs::status(local, ignored).permissions();
  if ((mode & fs::perms::owner_write) == fs::perms::none) candidates.erase(candidates.begin());
  Result<std::string> name = temporary_name();
  if (!name) return name.error();
  *name += ".try";
  for (const std::string& candidate : candidates) {
    const Result<bool> writable = is_writable(pod, candidate, *name);
    if (!writable) return writable.error();
    if (*writable) return candidate;
  }
  std::string found;
  const std::string trial = "{}/" + *name;
  const Result<kube::ExitStatus> status =
      pod.run({"find", target.path, "-maxdepth", "3", "-type", "d", "-exec", "mkdir", trial, ";",
               "-exec", "rmdir", trial, ";", "-print"},
              &found, [](std::string_view) {});
  const std::size_t end = found.find('\n');
  if (status && end != std::string::npos) return found.substr(0, end);
  if (!status && !is_missing(status)) return failure_of(status);
  return target.path;  // tar says why nothing can be made there
}

/// The steps of one upload.
class Upload {
 public:
  Upload(Pod& pod, std::string local, UploadTarget target, const CopyOptions& options,
         Leftovers& leftovers)
      : pod_(pod),
        local_(std::move(local)),
        target_(std::move(target)),
        options_(options),
        leftovers_(leftovers),
        is_folder_(kind_of(local_) == fs::file_type::directory) {}

  Result<Copied> run() {
    const Result<std::string> name = temporary_name();
    if (!name) return name.error();
    name_ = *name;
    temporary_ = join(target_.staging, name_);
    content_ = join(temporary_, "content");
    leftovers_.remove(pod_);  // those of attempts whose connection was lost
    Error problem = send();
    if (!problem) problem = put_in_place();
    leftovers_.remove(pod_);
    if (problem) return problem;
    report_dangling_links();
    return has_left_out_ ? Copied::kPart : Copied::kAll;
  }

 private:
  Error send() {
    const Result<std::vector<std::string>> literal = literal_names(pod_, target_.staging);
    if (!literal) return literal.error();
    std::vector<std::string> words = {"tar", options_.preserve ? "xpf" : "xmf", "-"};
    if (!options_.preserve) {
      words.insert(words.end(), {"--no-same-permissions", "--no-same-owner"});
    }
    words.insert(words.end(), literal->begin(), literal->end());
    words.insert(words.end(), {"-C", target_.staging});

    Console& console = pod_.console();
    console.start(
        local_, console.shows_progress() ? total_size(local_, [this] { return pod_.go_on(); }) : 0);
    leftovers_.add(temporary_);
    PodCommand tar(pod_, std::move(words), PodCommand::Input::kGiven);
    Error problem = pack(tar);
    if (!problem) tar.close_input();
    // After a failure of this side, tar must not get an end of input, which would look complete.
    // If tar refused bytes, its own failure says why.
    const bool has_failed_here = problem && !refused_;
    if (has_failed_here) tar.cancel();
    const Result<kube::ExitStatus>& status = tar.wait();
    console.finish();
    if (has_failed_here) return problem;
    if (is_missing(status)) return send_without_tar();
    if (Error failure = failure_of(status)) return failure;
    return check_size();
  }

  Error send_without_tar() {
    if (is_folder_) {
      return failed("the pod has no tar, which copying the folder " + local_ +
                    " needs; without tar only single files can be copied");
    }
    content_ = temporary_;
    return send_by_cat(pod_, local_, temporary_, options_.preserve);
  }

  Error pack(PodCommand& tar) {
    Packer packer(
        [this, &tar](Bytes bytes) {
          refused_ = !tar.write(bytes);
          return !refused_;
        },
        pod_.console(), options_.follow_links ? Packer::Follow::kAll : Packer::Follow::kAdded,
        [this] { return pod_.go_on(); });
    Error problem = packer.add_private_folder(name_);
    if (!problem) problem = packer.add(local_, name_ + "/content");
    packed_size_ = packer.content_size();
    has_left_out_ = packer.has_left_out();
    outward_links_ = packer.outward_links();
    if (packer.has_closed_folder()) leftovers_.expect_closed_folders();
    // The archive's last file: when it has its size, everything before it is complete.
    if (!problem) problem = packer.add_text(name_ + "/end", kEnd);
    if (!problem) problem = packer.finish();
    return problem;
  }

  // tar may exit with 0 for an archive that stops between two files.
  Error check_size() {
    const std::uint64_t expected = is_folder_ ? std::string_view(kEnd).size() : packed_size_;
    const Result<std::uint64_t> size =
        size_of(pod_, is_folder_ ? join(temporary_, "end") : content_);
    if (!size) return size.error();
    if (*size == expected) return {};
    return failed("the other side has not got all of " + local_ + ": of " +
                  std::to_string(expected) + " bytes it counts " + std::to_string(*size));
  }

  Error put_in_place() {
    // Checked last: if a folder is there by now, as from an earlier attempt, mv would move into it.
    const Result<bool> folder = is_folder(pod_, target_.path);
    if (!folder) return folder.error();
    if (!*folder) return pod_.run_well({"mv", "-f", content_, target_.path});
    if (!is_folder_) return is_in_the_way(target_.path);
    return merge_in_pod(pod_, content_, target_.path, name_ + ".part", leftovers_);
  }

  // Asks about the links of which it is not known that they lead somewhere there.
  void report_dangling_links() {
    constexpr std::size_t kMostBytes = 8 * 1024;
    std::vector<std::string> words = {"find"};
    std::size_t bytes = 0;
    for (const std::string& link : outward_links_) {
      const std::string path = target_.path + link.substr((name_ + "/content").size());
      bytes += path.size();
      if (bytes <= kMostBytes) words.push_back(path);
    }
    if (words.size() == 1) return;
    words.insert(words.end(), {"-type", "l", "!", "-exec", "test", "-e", "{}", ";", "-print"});
    std::string found;
    (void)pod_.run(std::move(words), &found, [](std::string_view) {});
    for (std::size_t at = 0, end = 0; (end = found.find('\n', at)) != std::string::npos;
         at = end + 1) {
      pod_.console().line("uvspdy cp: " + found.substr(at, end - at) +
                          " is a symbolic link that leads nowhere in the pod");
    }
  }

  static constexpr const char* kEnd = "the last file of what uvspdy cp has sent\n";

  Pod& pod_;
  std::string local_;
  UploadTarget target_;
  CopyOptions options_;
  Leftovers& leftovers_;
  bool is_folder_;  // the source is
  std::string name_;
  std::string temporary_;  // the path of the temporary folder
  std::string content_;    // the path of what becomes the target
  std::uint64_t packed_size_ = 0;
  std::vector<std::string> outward_links_;
  bool has_left_out_ = false;
  bool refused_ = false;  // tar took no more input
};

}  // namespace

Result<UploadTarget> find_upload_target(Pod& pod, const std::string& local,
                                        const std::string& remote) {
  if (Error problem = check_source(local)) return problem;
  const bool source_is_folder = kind_of(local) == fs::file_type::directory;
  const Result<bool> folder = is_folder(pod, remote);
  if (!folder) return folder.error();
  if (!*folder) {
    if (remote.ends_with("/") && !source_is_folder) {
      return failed(remote + " is no folder on the other side; make it, or leave the '/' away");
    }
    const std::string parent = as_argument(parent_of(remote));
    return UploadTarget{as_argument(without_trailing_slashes(remote)), parent, parent};
  }
  const std::string base = local_base(local);
  if (base.empty()) return failed("cannot tell what " + local + " shall be called in " + remote);
  const std::string parent = as_argument(without_trailing_slashes(remote));
  UploadTarget target{join(parent, base), parent, parent};
  const Result<bool> target_is_folder = is_folder(pod, target.path);
  if (!target_is_folder) return target_is_folder.error();
  if (!*target_is_folder) return target;
  if (!source_is_folder) return is_in_the_way(target.path);
  Result<std::string> staging = staging_for_merge(pod, target, local);
  if (!staging) return staging.error();
  target.staging = std::move(*staging);
  return target;
}

Result<Copied> upload(Pod& pod, const std::string& local, const UploadTarget& target,
                      const CopyOptions& options, Leftovers& leftovers) {
  return Upload(pod, local, target, options, leftovers).run();
}

}  // namespace uvspdy::command
