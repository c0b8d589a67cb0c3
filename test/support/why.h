#pragma once

#include <string>

#include "uvspdy/error.h"

namespace uvspdy::test {

/// The text of the error for INFO; empty when there is none.
template <class T>
std::string why(const Result<T>& result) {
  return result ? std::string() : result.error().message();
}

}  // namespace uvspdy::test
