#pragma once

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"

namespace uvspdy::test {

/// A case of the tables in test/httpstream/heads, which say what their lines mean.
struct HeadCase {
  std::string name;
  std::string send;
  std::string ours;
  std::string go;
  std::string because;
};

inline std::string unescaped(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    INFO(text);
    REQUIRE(++i < text.size());
    switch (text[i]) {
      case 'r': bytes += '\r'; break;
      case 'n': bytes += '\n'; break;
      case 't': bytes += '\t'; break;
      case '\\': bytes += '\\'; break;
      default:
        REQUIRE(text[i] == 'x');
        REQUIRE(text.size() - i > 2);
        bytes += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
    }
  }
  return bytes;
}

/// Reads a table from the folder that UVSPDY_HTTP_HEADS names.
inline std::vector<HeadCase> read_head_table(const std::string& name) {
  const char* const folder = std::getenv("UVSPDY_HTTP_HEADS");
  if (folder == nullptr) FAIL("UVSPDY_HTTP_HEADS is not set: run the tests by meson, or set it");
  std::ifstream file(std::string(folder) + "/" + name);
  REQUIRE(file.is_open());
  std::vector<HeadCase> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    INFO(line);
    const std::size_t colon = line.find(": ");
    REQUIRE(colon != std::string::npos);
    const std::string key = line.substr(0, colon);
    const std::string value = line.substr(colon + 2);
    if (key == "case") {
      cases.emplace_back().name = value;
      continue;
    }
    REQUIRE_FALSE(cases.empty());
    HeadCase& last = cases.back();
    if (key == "send") {
      last.send += unescaped(value);
    } else if (key == "ours") {
      last.ours = value;
    } else if (key == "go") {
      last.go = value;
    } else {
      REQUIRE(key == "because");
      last.because = value;
    }
  }
  return cases;
}

}  // namespace uvspdy::test
