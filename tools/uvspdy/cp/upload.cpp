#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "copy.h"
#include "pack.h"
#include "pod_command.h"
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

// Whether a path in the pod is a folder, or a link to one.
Result<bool> is_folder(Pod& pod, const std::string& path) {
  const Result<kube::ExitStatus> status = pod.run({"test", "-d", as_argument(path)});
  if (status && status->code <= 1) return status->code == 0;
  return failure_of(status);
}

Error is_in_the_way(const std::string& folder) {
  return failed("cannot overwrite directory " + folder + " with non-directory");
}

// The kind of a local file; links are not followed.
fs::file_type kind_of(const std::string& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type();
}

std::string local_base(const std::string& path) {
  std::string base = base_of(path);
  if (!base.empty()) return base;
  std::error_code ignored;
  return fs::canonical(path, ignored).filename().string();
}

/// The steps of one upload.
class Upload {
 public:
  Upload(Pod& pod, std::string local, UploadTarget target, const CopyOptions& options)
      : pod_(pod), local_(std::move(local)), target_(std::move(target)), options_(options) {}

  Error run() {
    const Result<std::string> name = temporary_name();
    if (!name) return name.error();
    temporary_ = join(target_.folder, *name);
    Error problem = send(*name);
    if (!problem) problem = check_size();
    if (!problem) problem = put_in_place();
    // Removes what tar has unpacked, also after a failure, if the pod can still be reached.
    if (closed_) {
      // Not the modes of files: after a merge these files have names elsewhere, too.
      pod_.tidy_up({"find", temporary_, "-type", "d", "-exec", "chmod", "u+w", "{}", "+"});
    }
    if (sent_) pod_.tidy_up({"rm", "-rf", temporary_});
    return problem;
  }

 private:
  Error send(const std::string& name) {
    const Result<std::vector<std::string>> literal = literal_names(pod_, target_.folder);
    if (!literal) return literal.error();
    std::vector<std::string> words = {"tar", options_.preserve ? "xpf" : "xmf", "-"};
    if (!options_.preserve) {
      words.insert(words.end(), {"--no-same-permissions", "--no-same-owner"});
    }
    words.insert(words.end(), literal->begin(), literal->end());
    words.insert(words.end(), {"-C", target_.folder});

    Console& console = pod_.console();
    console.start(
        local_, console.shows_progress() ? total_size(local_, [this] { return pod_.go_on(); }) : 0);
    sent_ = true;
    PodCommand tar(pod_, std::move(words), PodCommand::Input::kGiven);
    Error problem = pack(tar, name);
    if (!problem) tar.close_input();
    // After a failure of this side, tar must not get an end of input, which would look complete.
    // If tar refused bytes, its own failure says why.
    if (problem && !refused_) tar.cancel();
    const Error failure = failure_of(tar.wait());
    console.finish();
    return problem && !refused_ ? problem : failure;
  }

  Error pack(PodCommand& tar, const std::string& name) {
    Packer packer(
        [this, &tar](Bytes bytes) {
          refused_ = !tar.write(bytes);
          return !refused_;
        },
        pod_.console());
    Error problem = packer.add_private_folder(name);
    if (!problem) problem = packer.add(local_, name + "/content");
    packed_size_ = packer.content_size();
    closed_ = packer.has_closed_folder();
    // The archive's last file: when it has its size, everything before it is complete.
    if (!problem) problem = packer.add_text(name + "/end", kEnd);
    if (!problem) problem = packer.finish();
    return problem;
  }

  // tar may exit with 0 for an archive that stops between two files.
  Error check_size() {
    std::uint64_t expected = std::string_view(kEnd).size();
    std::string file = join(temporary_, "end");
    if (kind_of(local_) == fs::file_type::regular) {
      file = join(temporary_, "content");
      expected = packed_size_;
    }
    std::string output;
    if (Error problem = pod_.run_well({"wc", "-c", file}, &output)) return problem;
    const std::size_t first = std::min(output.find_first_not_of(' '), output.size());
    std::uint64_t size = 0;
    const char* last = output.data() + output.size();
    const auto [end, error] = std::from_chars(output.data() + first, last, size);
    if (error == std::errc() && end != last && *end == ' ' && size == expected) return {};
    return failed("the other side has not got all of " + local_ + ": of " +
                  std::to_string(expected) + " bytes it counts " + output);
  }

  Error put_in_place() {
    const std::string content = join(temporary_, "content");
    // Checked last: if a folder is there by now, as from an earlier attempt, mv would move into it.
    const Result<bool> folder = is_folder(pod_, target_.path);
    if (!folder) return folder.error();
    if (!*folder) return pod_.run_well({"mv", "-f", content, target_.path});
    if (kind_of(local_) != fs::file_type::directory) return check_is_same_link();
    // Hard links to the same files: each appears complete, even if this command is interrupted.
    return pod_.run_well({"cp", "-alf", join(content, "."), target_.path});
  }

  // The folder in the way may be a link to a folder, which an earlier attempt has put there.
  Error check_is_same_link() {
    std::string output;
    const Result<kube::ExitStatus> status = pod_.run({"readlink", target_.path}, &output);
    if (!status) return failure_of(status);
    std::error_code error;
    const fs::path link = fs::read_symlink(local_, error);
    if (!error && output == link.string() + "\n") return {};
    return is_in_the_way(target_.path);
  }

  static constexpr const char* kEnd = "the last file of what uvspdy cp has sent\n";

  Pod& pod_;
  std::string local_;
  UploadTarget target_;
  CopyOptions options_;
  std::uint64_t packed_size_ = 0;
  bool sent_ = false;     // the temporary folder may exist
  bool refused_ = false;  // tar took no more input
  bool closed_ = false;   // some folders are not writable, so that rm would fail
  std::string temporary_;
};

}  // namespace

Result<UploadTarget> find_upload_target(Pod& pod, const std::string& local,
                                        const std::string& remote) {
  const fs::file_type kind = kind_of(local);
  if (kind == fs::file_type::none || kind == fs::file_type::not_found) {
    return failed(local + " doesn't exist in local filesystem");
  }
  const bool source_is_folder = kind == fs::file_type::directory;
  const Result<bool> folder = is_folder(pod, remote);
  if (!folder) return folder.error();
  if (!*folder) {
    if (remote.ends_with("/") && !source_is_folder) {
      return failed(remote + " is no folder on the other side; make it, or leave the '/' away");
    }
    return UploadTarget{as_argument(without_trailing_slashes(remote)),
                        as_argument(parent_of(remote))};
  }
  const std::string base = local_base(local);
  if (base.empty()) return failed("cannot tell what " + local + " shall be called in " + remote);
  const std::string parent = as_argument(without_trailing_slashes(remote));
  UploadTarget target{join(parent, base), parent};
  if (source_is_folder) return target;
  const Result<bool> in_the_way = is_folder(pod, target.path);
  if (!in_the_way) return in_the_way.error();
  if (!*in_the_way) return target;
  return is_in_the_way(target.path);
}

Error upload(Pod& pod, const std::string& local, const UploadTarget& target,
             const CopyOptions& options) {
  return Upload(pod, local, target, options).run();
}

}  // namespace uvspdy::command
