#include <algorithm>
#include <deque>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cat.h"
#include "copy.h"
#include "pod_command.h"
#include "pod_files.h"
#include "remote_path.h"
#include "staging_folder.h"
#include "unpack.h"

namespace uvspdy::command {

namespace fs = std::filesystem;

namespace {

// The most links that are followed, one leading to the next, as by Linux.
constexpr int kMaxLinks = 40;

// The most lines about links that lead nowhere.
constexpr std::size_t kShownLines = 20;

// The most files that are left out because tar could not read all of them.
constexpr std::size_t kMaxCutFiles = 1000;

Error failed(std::string text) {
  return Error(std::make_error_code(std::errc::io_error), std::move(text));
}

fs::file_type kind_of(const fs::path& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type();
}

enum class LinkEnd { kInside, kOutside, kNowhere };

// Where a link of a copy leads. Nothing outside of the copy is looked at: that could be slow, or
// have an effect, as where a folder is mounted when somebody looks at it.
LinkEnd end_of_link(const fs::path& copy, const std::string& link) {
  const fs::path relative = fs::path(link).relative_path();
  std::deque<fs::path> parts(relative.begin(), relative.end());
  fs::path at;
  for (int links = 0; !parts.empty();) {
    const fs::path part = std::move(parts.front());
    parts.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (at.empty()) return LinkEnd::kOutside;
      at = at.parent_path();
      continue;
    }
    const fs::file_type kind = kind_of(copy / at / part);
    if (kind == fs::file_type::not_found || kind == fs::file_type::none) return LinkEnd::kNowhere;
    if (kind != fs::file_type::symlink) {
      at /= part;
      continue;
    }
    std::error_code error;
    const fs::path target = fs::read_symlink(copy / at / part, error);
    if (error || ++links > kMaxLinks) return LinkEnd::kNowhere;
    if (target.is_absolute()) return LinkEnd::kOutside;
    parts.insert(parts.begin(), target.begin(), target.end());
  }
  return LinkEnd::kInside;
}

/// The steps of one download.
class Download {
 public:
  Download(Pod& pod, const CopyOptions& options, std::string content)
      : pod_(pod), options_(options), content_(std::move(content)) {}

  /// Copies a path of the pod to `content`; a link is followed.
  Result<Copied> run(const std::string& remote) {
    std::string path = remote;
    Result<Copied> copied = fetch(path);
    for (int links = 0; copied && kind_of(content_) == fs::file_type::symlink; ++links) {
      if (links == kMaxLinks)
        return failed(remote + " is a symbolic link that leads through more than " +
                      std::to_string(kMaxLinks) + " others");
      std::error_code error;
      const std::string target = fs::read_symlink(content_, error).string();
      if (!error) fs::remove(content_, error);
      if (error) return Error(error, content_ + ": " + error.message());
      path = target.starts_with("/") ? target : join(parent_of(path), target);
      copied = fetch(path);
    }
    if (!copied && path != remote) {
      return Error(copied.error().code(),
                   remote + " is a symbolic link to " + path + ": " + copied.error().message());
    }
    if (copied && is_empty_file()) {
      if (Error error = read_empty_file(pod_, path, content_)) return error;
    }
    return copied;
  }

  /// Says which links of the copy, now at `place`, lead nowhere or out of it.
  void report_dangling_links(const fs::path& place) const {
    std::size_t count = 0;
    for (const std::string& link : links_) {
      const fs::path path = place.string() + link;
      if (kind_of(path) != fs::file_type::symlink) continue;
      const LinkEnd end = end_of_link(place, link);
      if (end == LinkEnd::kInside || ++count > kShownLines) continue;
      std::error_code ignored;
      pod_.console().line("uvspdy cp: " + path.string() + " is a symbolic link that leads " +
                          (end == LinkEnd::kNowhere ? "nowhere: " : "out of the copy: ") +
                          fs::read_symlink(path, ignored).string());
    }
    if (count > kShownLines) {
      pod_.console().line("uvspdy cp: " + std::to_string(count - kShownLines) +
                          " more links that lead nowhere or out of the copy");
    }
  }

 private:
  bool is_empty_file() const {
    std::error_code ignored;
    return kind_of(content_) == fs::file_type::regular && fs::file_size(content_, ignored) == 0;
  }

  Result<Copied> fetch(const std::string& path) {
    const std::string base = base_of(path);
    // A path without a name of its own ("/", "..") is copied by its content.
    const std::string folder = base.empty() ? without_trailing_slashes(path) : parent_of(path);
    const Result<std::vector<std::string>> literal = literal_names(pod_, path);
    if (!literal) return literal.error();
    std::vector<std::string> words = {"tar", "cf", "-"};
    if (options_.follow_links) words.emplace_back("-h");
    words.insert(words.end(), literal->begin(), literal->end());
    words.insert(words.end(), {"-C", as_argument(folder), base.empty() ? "." : as_argument(base)});

    is_incomplete_ = false;
    cut_short_.clear();
    PodCommand tar(pod_, std::move(words), PodCommand::Input::kNone,
                   [this](std::string_view line) { hear(line); });
    Result<Unpacked> unpacked = unpack([&tar] { return tar.read(); },
                                       {.name = base,
                                        .target = content_,
                                        .preserve = options_.preserve,
                                        .go_on = [this] { return pod_.go_on(); }},
                                       pod_.console());
    pod_.console().finish();
    if (!unpacked && !tar.ended()) {
      tar.cancel();  // the archive is bad, or this side has failed
      return unpacked.error();
    }
    const Result<kube::ExitStatus>& status = tar.wait();
    if (is_missing(status)) return copy_by_cat(pod_, path, content_);
    // tar's failure explains what was missing in the archive.
    if (!status || (!unpacked && status->code != 0)) return failure_of(status);
    if (!unpacked) return unpacked.error();
    if (pod_.signal() != 0) {
      return Error(std::make_error_code(std::errc::interrupted), "interrupted");
    }
    links_ = std::move(unpacked->links);
    if (Error error = leave_out_cut_files(path, base)) return error;
    const bool is_there = kind_of(content_) != fs::file_type::not_found;
    if (status->code == 0 && !is_there) {
      return failed("there is nothing in the archive of " + path + " that could be copied");
    }
    return is_there ? copied(*status) : failure_of(status);
  }

  void hear(std::string_view line) {
    pod_.console().line(line);
    const auto says = [line](std::string_view text) {
      return line.find(text) != std::string_view::npos;
    };
    // With -h the latter is said of links that lead nowhere.
    const bool is_cut = says("padding with zeros") || says("Read error at byte");
    if (is_cut && cut_short_.size() < kMaxCutFiles) cut_short_.emplace_back(line);
    is_incomplete_ =
        is_incomplete_ || is_cut || (options_.follow_links && says("removed before we read it"));
  }

  // tar puts zeros in the place of bytes that it could not read.
  Error leave_out_cut_files(const std::string& path, const std::string& base) {
    if (cut_short_.empty()) return {};
    if (kind_of(content_) == fs::file_type::regular) {
      return failed("not all of " + path + " could be read; try again when it does not change");
    }
    for (const std::string& line : cut_short_) {
      const std::string name = name_in(line);
      const bool is_left_out =
          leave_out(fs::path(name).lexically_relative(base.empty() ? "." : base));
      pod_.console().line("uvspdy cp: " +
                          (is_left_out
                               ? "left out " + name + ": not all of it could be read"
                               : "a file has zeros in it for what could not be read: " + line));
    }
    return {};
  }

  // The name in "tar: NAME: File shrank by 5 bytes; padding with zeros", or what is like it there.
  static std::string name_in(const std::string& line) {
    const std::size_t begin = std::min(line.find(": "), line.size() - 2) + 2;
    const std::size_t end =
        std::min(line.rfind(": File shrank by "), line.rfind(": Read error at byte "));
    return line.substr(begin, end == std::string::npos ? end : end - std::min(begin, end));
  }

  // Removes a file of the copy, and follows no link on the way there.
  bool leave_out(const fs::path& name) const {
    fs::path file = content_;
    for (const fs::path& part : name) {
      if (part == ".." || kind_of(file) != fs::file_type::directory) return false;
      file /= part;
    }
    std::error_code error;
    return kind_of(file) == fs::file_type::regular && fs::remove(file, error);
  }

  // How much there is in a whole archive. GNU tar exits with 1 for files that have changed or gone
  // meanwhile, and with 2 for files that it could not read; other tars exit with 1 for both.
  Result<Copied> copied(const kube::ExitStatus& status) const {
    if (status.code == 0) return is_incomplete_ ? Copied::kPart : Copied::kAll;
    if (status.code > 2) return failure_of(status);
    if (status.code == 2 || is_incomplete_) return Copied::kPart;
    const Result<bool> gnu = has_gnu_tar(pod_);
    if (!gnu) return gnu.error();
    return *gnu ? Copied::kAll : Copied::kPart;
  }

  Pod& pod_;
  const CopyOptions& options_;
  std::string content_;
  std::vector<std::string> links_;
  std::vector<std::string> cut_short_;  // tar's lines about files that it has filled with zeros
  bool is_incomplete_ = false;  // a file was cut short while tar read it, or a link leads nowhere
};

}  // namespace

Result<Copied> download(Pod& pod, const std::string& remote, const std::string& local,
                        const CopyOptions& options) {
  Result<StagingFolder> staging = StagingFolder::make(local, [&pod] { return pod.go_on(); });
  if (!staging) return staging.error();
  Download download(pod, options, staging->content());
  Result<Copied> copied = download.run(remote);
  if (!copied) return copied;
  if (pod.signal() != 0) return Error(std::make_error_code(std::errc::interrupted), "interrupted");
  const Result<fs::path> place = staging->move_to(local, base_of(remote));
  if (!place) return place.error();
  download.report_dangling_links(*place);
  return copied;
}

}  // namespace uvspdy::command
