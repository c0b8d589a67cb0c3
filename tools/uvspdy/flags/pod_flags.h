#pragma once

#include <string>

#include "flags/client_flags.h"
#include "uvspdy/callback.h"
#include "uvspdy/kube/client/api_server.h"

namespace CLI {
class App;
}

namespace uvspdy::command {

/// The flags of commands that run something in one container of a pod. Their names are kubectl's.
struct PodFlags {
  std::string verb;  ///< the command's name, for messages
  ClientFlags client;
  std::string pod;  ///< NAME or pod/NAME
  std::string container;
  bool use_stdin = false;
  bool tty = false;
  bool quiet = false;
};

void add_pod_flags(CLI::App& command, PodFlags& flags);

/// The container that is meant.
struct PodContainer {
  std::string pod;
  std::string container;  ///< empty: whatever the server takes
  bool has_tty = false;   ///< of its own process
  bool is_known = false;  ///< whether the server has told us of it
};

/// Finds it as kubectl does, asking the server for the pod of that name, and says which it takes
/// where that is a guess. The handler runs once, from the loop; or not at all, when it is told that
/// there is no such thing: `fail` then gets a line for people, in kubectl's words, from the loop,
/// too.
///
/// A server that does not let us see the pod is no failure: the right to run something in it is
/// another one, and who has not even that hears so when he uses it.
void find_container(kube::ApiServer& server, const PodFlags& flags,
                    const std::string& pod_namespace, const std::string& pod,
                    OnceCallback<void(PodContainer)> handler,
                    OnceCallback<void(const std::string& line)> fail);

}  // namespace uvspdy::command
