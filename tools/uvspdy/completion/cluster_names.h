#pragma once

#include <string>
#include <vector>

#include "flags/client_flags.h"

namespace uvspdy::command {

// Names for completion, of the server and the kubeconfig that the flags name. Whatever fails, there
// are no names: nothing may disturb a command line that is being typed. Names of characters that a
// shell does not take as they are, are left out. Each function takes six seconds at most once the
// kubeconfig and the files that the flags name are read; reading them has no limit.

std::vector<std::string> names_of_pods(const ClientFlags& flags);
std::vector<std::string> names_of_containers(const ClientFlags& flags, const std::string& pod);
std::vector<std::string> names_of_namespaces(const ClientFlags& flags);
std::vector<std::string> names_of_contexts(const ClientFlags& flags);

}  // namespace uvspdy::command
