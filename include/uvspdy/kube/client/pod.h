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

/// A pod, as far as it has to be known before something is run in it.
struct UVSPDY_EXPORT Pod {
  struct Container {
    std::string name{};
    bool tty = false;  ///< whether its process has a terminal
  };

  std::string name{};
  std::string pod_namespace{};
  std::string phase{};              ///< "Running" and so on
  std::string default_container{};  ///< what an annotation names; need not exist
  std::vector<Container> containers{};
  std::vector<Container> init_containers{};
  std::vector<Container> ephemeral_containers{};

  /// The container of that name, of whichever kind; null if there is none.
  const Container* find(std::string_view container) const;

  /// Whether it has ended for good, so that nothing can be run in it any more.
  bool is_completed() const { return phase == "Succeeded" || phase == "Failed"; }
};

/// Which container is meant where none is named.
struct DefaultContainer {
  std::string name{};
  /// Whether it is the first of several and nothing says that it is the one: people should be told.
  bool is_guess = false;
};

/// The container that kubectl takes: the one that the annotation
/// kubectl.kubernetes.io/default-container names, if it exists, else the first.
/// Errors: kBadPod for a pod without containers.
UVSPDY_EXPORT Result<DefaultContainer> default_container(const Pod& pod);

/// All containers' names as kubectl lists them: "a, b, c (ephem), d (init)".
UVSPDY_EXPORT std::string container_names(const Pod& pod);

/// Reads a v1.Pod. Errors: kBadPod.
UVSPDY_EXPORT Result<Pod> parse_pod(std::string_view json);

/// Asks the server for a pod. The handler, which may be nobody, runs once, from the loop. Errors:
/// those of ApiServer::get; kRefused for an answer other than 200 (see refusal()); kBadPod.
UVSPDY_EXPORT net::Attempt get_pod(ApiServer& server, const std::string& pod_namespace,
                                   const std::string& pod, OnceCallback<void(Result<Pod>)> handler);

}  // namespace uvspdy::kube
