#pragma once

#include <optional>
#include <string>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/protocol/remote_command.h"

namespace uvspdy::kube {

/// Reads a resize stream: JSON objects one after another, in pieces of any length.
class TerminalSizeReader {
 public:
  /// Takes the next bytes, and sets `last` to the last size that they complete, if they do. Sizes
  /// before that are passed over unread, so that a client that sends thousands at once costs
  /// little. Errors: kBadRequest for an object that is not a size; all further bytes are ignored,
  /// as by the CRI server.
  Error take(Bytes bytes, std::optional<TerminalSize>& last);

 private:
  std::string text_;
  bool ended_ = false;
};

}  // namespace uvspdy::kube
