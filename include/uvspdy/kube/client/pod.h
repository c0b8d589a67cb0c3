#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"
#include "uvspdy/kube/client/api_server.h"
#include "uvspdy/net/attempt.h"

namespace uvspdy::kube {

/// The fields of a v1.Pod that a client needs before it runs a command in the pod.
struct UVSPDY_EXPORT Pod {
  struct Container {
    std::string name{};
    bool tty = false;  ///< whether its main process has a terminal
  };

  std::string name{};
  std::string pod_namespace{};
  std::string phase{};              ///< status.phase: "Running" and so on
  std::string default_container{};  ///< the annotation's value: see default_container()
  std::vector<Container> containers{};
  std::vector<Container> init_containers{};
  std::vector<Container> ephemeral_containers{};

  /// The container of that name, of any of the three kinds, inside this Pod; null if there is none.
  const Container* find(std::string_view container) const;

  /// Whether the pod has ended for good, so that no command can run in it.
  bool is_completed() const { return phase == "Succeeded" || phase == "Failed"; }
};

/// The container to use when a request names none.
struct DefaultContainer {
  std::string name{};
  /// True if the pod has several containers and no annotation names this one: clients should warn.
  bool is_guess = false;
};

/// Chooses a container as kubectl does: the one that the annotation
/// kubectl.kubernetes.io/default-container names, if it exists, else the first of `containers`.
/// Errors: kBadPod for a pod without containers.
UVSPDY_EXPORT Result<DefaultContainer> default_container(const Pod& pod);

/// Lists the names of all containers as kubectl does: "a, b, c (ephem), d (init)".
UVSPDY_EXPORT std::string container_names(const Pod& pod);

/// Parses a v1.Pod, for which it needs no more memory than the fields of Pod have. A field that is
/// missing or of another type is empty. Errors: kBadPod (no Pod; JSON that is nested more than 64
/// deep; more than 1,024 containers; a name, phase or annotation of Pod of more than 253 bytes).
UVSPDY_EXPORT Result<Pod> parse_pod(std::string_view json);

/// GETs a pod from the API server. The handler, which may be empty, runs once, from the loop.
/// Errors: those of ApiServer::get; kRefused (a status other than 200: see refusal()); kBadPod.
UVSPDY_EXPORT net::Attempt get_pod(ApiServer& server, const std::string& pod_namespace,
                                   const std::string& pod, OnceCallback<void(Result<Pod>)> handler);

}  // namespace uvspdy::kube
