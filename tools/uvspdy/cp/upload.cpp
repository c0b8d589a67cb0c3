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

using namespace uvspdy;
namespace fs = std::filesystem;

namespace {

Error failed(std::string text) {
  return Error(std::make_error_code(std::errc::io_error), std::move(text));
}

// A name that nobody has, nor can guess.
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

// Whether there is a folder on the other side, links followed.
Result<bool> is_folder(Pod& pod, const std::string& path) {
  const Result<kube::ExitStatus> status = pod.run({"test", "-d", as_argument(path)});
  if (status && status->code <= 1) return status->code == 0;
  return failure_of(status);
}

std::string local_base(const std::string& path) {
  const std::string base = base_of(path);
  if (!base.empty()) return base;
  std::error_code ignored;
  return fs::canonical(path, ignored).filename().string();
}

/// One upload: where it goes, and the steps to there.
class Upload {
 public:
  Upload(Pod& pod, std::string local, const CopyOptions& options)
      : pod_(pod), local_(std::move(local)), options_(options) {}

  Error run(const std::string& remote) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(local_, error);
    if (!fs::exists(status)) return failed(local_ + " doesn't exist in local filesystem");
    source_is_folder_ = fs::is_directory(status);
    source_is_file_ = fs::is_regular_file(status);
    if (Error problem = find_target(remote)) return problem;
    const Result<std::string> name = temporary_name();
    if (!name) return name.error();
    temporary_ = join(parent_, *name);
    Error problem = send(*name);
    if (!problem) problem = check_size();
    if (!problem) problem = put_in_place();
    // Also what tar has made of an archive that was cut short, if the other side can be reached.
    if (closed_) {
      // Files stay as they are: those of a merge have names elsewhere by now.
      pod_.tidy_up({"find", temporary_, "-type", "d", "-exec", "chmod", "u+w", "{}", "+"});
    }
    if (sent_) pod_.tidy_up({"rm", "-rf", temporary_});
    return problem;
  }

 private:
  Error find_target(const std::string& remote) {
    const Result<bool> folder = is_folder(pod_, remote);
    if (!folder) return folder.error();
    if (!*folder) {
      if (remote.ends_with("/") && !source_is_folder_) {
        return failed(remote + " is no folder on the other side; make it, or leave the '/' away");
      }
      target_ = as_argument(without_trailing_slashes(remote));
      parent_ = as_argument(parent_of(remote));
      return {};
    }
    const std::string base = local_base(local_);
    if (base.empty()) return failed("cannot tell what " + local_ + " shall be called in " + remote);
    parent_ = as_argument(without_trailing_slashes(remote));
    target_ = join(parent_, base);
    const Result<bool> merge = is_folder(pod_, target_);
    if (!merge) return merge.error();
    merge_ = *merge;
    if (!merge_ || source_is_folder_) return {};
    return failed("cannot overwrite directory " + target_ + " with non-directory");
  }

  Error send(const std::string& name) {
    const Result<std::vector<std::string>> literal = literal_names(pod_, parent_);
    if (!literal) return literal.error();
    std::vector<std::string> words = {"tar", options_.preserve ? "xpf" : "xmf", "-"};
    if (!options_.preserve) {
      words.insert(words.end(), {"--no-same-permissions", "--no-same-owner"});
    }
    words.insert(words.end(), literal->begin(), literal->end());
    words.insert(words.end(), {"-C", parent_});

    Console& console = pod_.console();
    console.start(local_, console.shows_progress() ? total_size(local_) : 0);
    sent_ = true;
    PodCommand tar(pod_, std::move(words), PodCommand::Input::kGiven);
    Error problem = pack(tar, name);
    if (!problem) tar.close_input();
    // A failure of our own must not end in an archive that looks whole; one of tar's says why it
    // took no more.
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
    // The last file there is: once it has its size, so has everything in front of it.
    if (!problem) problem = packer.add_text(name + "/end", kEnd);
    if (!problem) problem = packer.finish();
    return problem;
  }

  // tar may end well with an archive that stops between two files.
  Error check_size() {
    std::uint64_t expected = std::string_view(kEnd).size();
    std::string file = join(temporary_, "end");
    if (source_is_file_) {
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
    if (!merge_) return pod_.run_well({"mv", "-f", content, target_});
    // As links to the same files: each is there at once and whole, even if this is cut short.
    return pod_.run_well({"cp", "-alf", join(content, "."), target_});
  }

  static constexpr const char* kEnd = "the last file of what uvspdy cp has sent\n";

  Pod& pod_;
  std::string local_;
  CopyOptions options_;
  bool source_is_folder_ = false;
  bool source_is_file_ = false;
  std::uint64_t packed_size_ = 0;
  bool merge_ = false;    // into a folder that is there
  bool sent_ = false;     // something may be there to be removed
  bool refused_ = false;  // tar took no more
  bool closed_ = false;   // has folders that rm can do nothing with
  std::string parent_;    // of the target and of the temporary folder
  std::string target_;
  std::string temporary_;
};

}  // namespace

Error upload(Pod& pod, const std::string& local, const std::string& remote,
             const CopyOptions& options) {
  return Upload(pod, local, options).run(remote);
}
