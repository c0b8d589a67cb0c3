#pragma once

#include <string>

#include "uvspdy/kube/client/remote_command_client.h"

namespace uvspdy::command {

/// What people are told of a command in a pod that has exited with another code than 0: kubectl's
/// "command terminated with exit code N". A reason that the server gives follows, such as that
/// there is no such command. Kubelets give none: their text is the exit code in other words.
inline std::string exit_text(const kube::ExitStatus& status) {
  const std::string text = "command terminated with exit code " + std::to_string(status.code);
  const bool has_reason =
      !status.message.empty() && !status.message.starts_with("command terminated with ");
  return has_reason ? text + ": " + status.message : text;
}

}  // namespace uvspdy::command
