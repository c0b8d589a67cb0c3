#pragma once

#include <optional>
#include <string>

#include "uvspdy/bytes.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/protocol/remote_command.h"

namespace uvspdy::kube {

/// Reads a resize stream: one JSON object after another, cut anywhere.
class TerminalSizeReader {
 public:
  /// Takes what has come, and sets `last` to the last size that is complete now, if there is one.
  /// Errors: kBadRequest for what is not a size; from then on everything is ignored, as by the CRI
  /// server.
  Error take(Bytes bytes, std::optional<TerminalSize>& last);

 private:
  std::string text_;
  bool ended_ = false;
};

}  // namespace uvspdy::kube
