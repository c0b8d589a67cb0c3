// The main function of a fuzzer that only replays: each argument is a file, or a folder of files,
// whose content goes through the harness once. Ends with the line that tools/dev adds up.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "uvspdy/bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::filesystem::path> files_of(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> content{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    std::printf("FAILED: %s cannot be read\n", path.c_str());
    return false;
  }
  // A harness that finds something does not come back: the last name printed is the input's. Its
  // bytes lie in memory of their very size, so that a sanitizer sees any read past them.
  std::printf("%s\n", path.filename().c_str());
  std::fflush(stdout);
  const auto memory = std::make_unique<std::uint8_t[]>(content.size());
  const auto bytes = uvspdy::bytes_of(content.data(), content.size());
  std::copy(bytes.begin(), bytes.end(), memory.get());
  return LLVMFuzzerTestOneInput(memory.get(), content.size()) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  int passed = 0;
  int failed = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& path : files_of(argv[i])) ++(replay(path) ? passed : failed);
  }
  if (passed + failed == 0) std::printf("FAILED: there is nothing to replay\n");
  std::printf("%d passed, %d failed, 0 skipped\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
