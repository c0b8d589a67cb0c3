#pragma once

#include <string>
#include <vector>

namespace uvspdy::test {

/// Texts that readers of UTF-8, of JSON, of C strings or of paths may stumble over: each byte
/// alone and between letters, what UTF-8 forbids, and what other languages have a meaning for.
inline std::vector<std::string> awkward_texts() {
  std::vector<std::string> texts;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string alone(1, static_cast<char>(byte));
    texts.push_back(alone);
    texts.push_back("a" + alone + "b");
  }
  const std::vector<std::string> others = {
      "",
      "\xc3\xa9",                  // é
      "\xe2\x82\xac",              // €
      "\xf0\x9f\x98\x80",          // beyond the basic plane
      "\xc2\x85",                  // a control character of the upper half
      "\xef\xbb\xbf",              // a byte order mark
      "\xef\xbf\xbd",              // the replacement character itself
      "\xef\xbf\xbf",              // a noncharacter
      "\xe2\x80\xa8",              // a line separator
      "\xc0\xaf",                  // "/", written too long
      "\xc1\xbf",                  //
      "\xe0\x80\xaf",              //
      "\xe0\x9f\xbf",              //
      "\xf0\x80\x80\xaf",          //
      "\xf0\x8f\xbf\xbf",          //
      "\xc0\x80",                  // NUL, written too long
      "\xed\xa0\x80",              // a surrogate
      "\xed\xbf\xbf",              //
      "\xed\xa0\xbd\xed\xb8\x80",  // a pair of them
      "\xf4\x90\x80\x80",          // beyond U+10FFFF
      "\xf7\xbf\xbf\xbf",          //
      "\xf8\x88\x80\x80\x80",      // five bytes
      "\xfc\x84\x80\x80\x80\x80",  // six
      "\xe2\x82",                  // cut short
      "\xf0\x9f\x98",              //
      "\xf0\x9f",                  //
      "\xe2\x82z",                 // cut short by another character
      "\xf0\x9f\x98\xc3\xa9",      //
      "\x80\xbf\x80\xbf",          // continuations of nothing
      "\"",
      "\\",
      "\\u0000",
      "\\ud800",
      "'",
      "<script>",
      "\x1b[2J",
      "\r\n",
      "\t",
      "null",
      "true",
      "{}",
      "[]",
      "-0",
      "1e999",
      "..",
      ".",
      "/",
      "//",
      "a/../b",
      "%",
      "%%",
      "%zz",
      "%0",
      "%00",
      "%ff",
      "%2f",
      "%c3%28",
      "+",
      "&",
      "=",
      "a=b&c",
      "?",
      "#",
      ";",
      "a b",
      "$(true)",
      "%s%n",
      std::string("a\0b", 3),     //
      std::string(4000, '\xff'),  //
      std::string(4000, '['),     //
  };
  texts.insert(texts.end(), others.begin(), others.end());
  return texts;
}

}  // namespace uvspdy::test
