#pragma once

#include <map>
#include <string>
#include <vector>

namespace uvspdy::kube {

/// The value of an environment variable; empty if it is not set. To be used only by functions whose
/// names say that they read the environment.
std::string environment_variable(const char* name);

/// All variables of this process.
std::map<std::string, std::string> environment_variables();

/// Formats variables for a new process: "NAME=VALUE" each.
std::vector<std::string> environment_of(const std::map<std::string, std::string>& variables);

}  // namespace uvspdy::kube
