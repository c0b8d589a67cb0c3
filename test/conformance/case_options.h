#pragma once

#include "conformance/case_file.h"
#include "uvspdy/session/options.h"
#include "uvspdy/wire/header_compression.h"

namespace uvspdy::test {

/// What the `set` lines of a case come to.
struct CaseOptions {
  session::Options session;
  bool shows_opening = false;  ///< the case says itself what the session opens with
  wire::HeaderCompression peer_compression;
};

/// Without `set` lines: the specification to the letter, frames of any length, no timeouts.
/// Throws CaseError.
CaseOptions options_of(const Case& test_case);

}  // namespace uvspdy::test
