// A client's session: arbitrary bytes from its peer in arbitrary pieces, and a user who does
// anything at any time. docs/fuzzing.md has the input's format.

#include "session_run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace uvspdy;
  fuzz::SessionRun(session::Role::kClient, Bytes(data, size)).run();
  return 0;
}
