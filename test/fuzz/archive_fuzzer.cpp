// `uvspdy cp`: the archive that a pod's tar sends, unpacked into a folder. The input: one byte that
// chooses the cuts, one the options, then the archive. A header's checksum is made right, since no
// fuzzer finds one.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "cp/console.h"
#include "cp/remove_tree.h"
#include "cp/unpack.h"
#include "fuzz_input.h"
#include "line_check.h"
#include "violation.h"

namespace uvspdy::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 512;
constexpr std::size_t kChecksum = 148;

// Archives end in zeros; a fuzzer must find others, too.
std::vector<std::uint8_t> archive_of(Bytes input, bool with_checksums, bool with_end) {
  std::vector<std::uint8_t> archive(input.begin(), input.end());
  if (with_end) archive.resize((archive.size() + kBlock - 1) / kBlock * kBlock + 2 * kBlock);
  for (std::size_t at = 0; with_checksums && at + kBlock <= input.size(); at += kBlock) {
    unsigned sum = 8 * ' ';
    for (std::size_t i = 0; i < kBlock; ++i) {
      if (i < kChecksum || i >= kChecksum + 8) sum += archive[at + i];
    }
    char digits[8];
    std::snprintf(digits, sizeof digits, "%06o", sum & 0777777);
    std::copy(digits, digits + 7, archive.begin() + static_cast<std::ptrdiff_t>(at + kChecksum));
    archive[at + kChecksum + 7] = ' ';
  }
  return archive;
}

/// A folder with a target in it, and something beside the target that has to stay as it is.
class Place {
 public:
  Place() {
    std::string name = (fs::temp_directory_path() / "uvspdy-fuzz-XXXXXX").string();
    require(mkdtemp(name.data()) != nullptr, "no temporary folder");
    folder_ = fs::canonical(name);
    fs::create_directory(folder_ / "outside");
    const int file = open((folder_ / "outside/file").c_str(), O_CREAT | O_WRONLY, 0600);
    require(file >= 0, "no file");
    close(file);
    fs::create_directory(folder_ / "staging");
  }
  ~Place() { remove_tree_completely(folder_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  std::string target() const { return (folder_ / "staging/content").string(); }

  void check_and_empty() {
    for (const auto& each : fs::directory_iterator(folder_)) {
      require(each.path().filename() == "outside" || each.path().filename() == "staging",
              "something was made beside the target");
    }
    for (const auto& each : fs::directory_iterator(folder_ / "staging")) {
      require(each.path().filename() == "content", "something was made beside the target");
    }
    struct stat file {};
    require(lstat((folder_ / "outside/file").c_str(), &file) == 0 && file.st_size == 0 &&
                (file.st_mode & 07777) == 0600 && file.st_nlink == 1,
            "a file beside the target was changed");
    require(std::distance(fs::directory_iterator(folder_ / "outside"), {}) == 1,
            "something was made beside the target");
    remove_tree_completely(folder_ / "staging");
    fs::create_directory(folder_ / "staging");
  }

 private:
  static void remove_tree_completely(const fs::path& folder) {
    command::remove_tree(folder.string(), [] {});
    require(!fs::exists(fs::symlink_status(folder)), "a folder that could not be removed");
  }

  fs::path folder_;
};

void unpack(Bytes archive, Cuts cuts, std::uint8_t options, command::Console& console) {
  static Place place;
  Bytes rest = archive;
  std::size_t calls = 0;
  const Result<command::Unpacked> unpacked = command::unpack(
      [&]() {
        const Bytes piece = rest.first(rest.empty() ? 0 : cuts.next(rest.size()));
        rest = rest.subspan(piece.size());
        return piece;
      },
      {.name = (options & 1) != 0 ? "x" : "",
       .target = place.target(),
       .preserve = (options & 2) != 0,
       .go_on = [&] { return (options & 4) == 0 || ++calls < 5; }},
      console);
  if (!unpacked) check_error(unpacked.error());
  place.check_and_empty();
}

}  // namespace
}  // namespace uvspdy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace uvspdy;
  static const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  static command::Console console(nowhere);
  fuzz::FuzzInput input{Bytes(data, size)};
  const fuzz::Cuts cuts(input.u8());
  const std::uint8_t options = input.u8();
  const auto archive = fuzz::archive_of(input.rest(), (options & 8) == 0, (options & 16) == 0);
  fuzz::unpack(archive, cuts, options, console);
  return 0;
}
