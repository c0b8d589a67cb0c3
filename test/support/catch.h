#pragma once

// Catch2, 2.13 (Debian 12) or 3.x, under one name.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <string>

#include "uvspdy/error.h"

namespace Catch {

/// What a failed check shows of an Error.
template <>
struct StringMaker<uvspdy::Error> {
  static std::string convert(const uvspdy::Error& error) {
    if (!error) return "success";
    return std::string(error.code().category().name()) + " error " +
           std::to_string(error.code().value()) + ": \"" + error.message() + "\"";
  }
};

/// What a failed check shows of a Result: its error, if there is one.
template <class T>
struct StringMaker<uvspdy::Result<T>> {
  static std::string convert(const uvspdy::Result<T>& result) {
    return result ? "a value" : StringMaker<uvspdy::Error>::convert(result.error());
  }
};

}  // namespace Catch

namespace uvspdy::test {

/// Matches an Error that is none, and a Result with a value: CHECK_THAT(pipe.end(), IsSuccess()).
/// A check that fails shows the error's text.
struct IsSuccess {
  bool match(const Error& error) const { return !error; }
  template <class T>
  bool match(const Result<T>& result) const {
    return static_cast<bool>(result);
  }
  std::string toString() const { return "is success"; }
};

/// Marks the running test case as skipped and prints why. Use SKIP_TEST.
void mark_skipped(const std::string& reason);

}  // namespace uvspdy::test

/// Ends a test case that cannot run here, aloud. Only at the top level of a TEST_CASE.
#define SKIP_TEST(reason)                 \
  do {                                    \
    ::uvspdy::test::mark_skipped(reason); \
    return;                               \
  } while (false)
