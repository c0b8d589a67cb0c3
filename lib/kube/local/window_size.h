#pragma once

#include <sys/ioctl.h>

#include "uvspdy/kube/protocol/remote_command.h"

namespace uvspdy::kube {

/// Converts the protocol's size to the kernel's.
inline winsize window_size(TerminalSize size) {
  winsize window{};
  window.ws_row = size.height;
  window.ws_col = size.width;
  return window;
}

}  // namespace uvspdy::kube
