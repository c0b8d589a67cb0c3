#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "flags/cli_app.h"
#include "flags/client_flags.h"
#include "loop.h"
#include "uvspdy/error.h"
#include "uvspdy/kube/client/api_server.h"

namespace uvspdy::command {

/// The flags of commands that work in one container of a pod. Their names are kubectl's.
struct PodFlags {
  std::string verb;  ///< the command's name, for messages
  ClientFlags client;
  std::string pod;  ///< NAME or pod/NAME
  std::string container;
  bool use_stdin = false;
  bool tty = false;
  bool quiet = false;
  /// How long to wait for a pod that is pending; without it the pod is used as it is.
  std::optional<std::chrono::milliseconds> pod_running_timeout;
  std::optional<std::uint64_t> max_output;  ///< bytes of stdout and stderr together
};

void add_pod_flags(CLI::App& command, PodFlags& flags);

/// Adds --pod-running-timeout.
void add_pod_running_timeout(CLI::App& command, std::optional<std::chrono::milliseconds>& time);

/// The container to work in.
struct PodContainer {
  std::string pod;
  std::string container;  ///< empty: the server chooses
  bool has_tty = false;   ///< whether its main process has a terminal
  bool is_known = false;  ///< whether the server let us read the pod
};

/// Finds the container as kubectl does, by asking the server for the pod, and prints which one it
/// chose if that is a guess. Runs the loop meanwhile. With `pod_running_timeout` it waits for a
/// pod that is pending. If the pod or container does not exist,
/// prints a line in kubectl's words and returns nothing.
///
/// It is no failure if the server does not permit reading the pod: permission to run a command in
/// it is separate, and the server checks that when the command is run.
///
/// A signal (StopSignals) that comes meanwhile ends this process, and a credential plugin before
/// it.
///
/// `is_taken` is called with the error of a request that got no answer; if it returns true, nothing
/// is printed, and the caller may try again.
std::optional<PodContainer> find_container(Loop& loop, kube::ApiServer& server,
                                           const PodFlags& flags, const std::string& pod_namespace,
                                           const std::string& pod,
                                           std::function<bool(const Error&)> is_taken = {});

}  // namespace uvspdy::command
