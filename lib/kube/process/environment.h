#pragma once

#include <map>
#include <string>
#include <vector>

namespace uvspdy::kube {

/// The value of an environment variable; empty when it is not set. Only for functions that say in
/// their names that they read the environment.
std::string environment_variable(const char* name);

/// All variables of this process.
std::map<std::string, std::string> environment_variables();

/// Variables as a process takes them: "NAME=VALUE" each.
std::vector<std::string> environment_of(const std::map<std::string, std::string>& variables);

}  // namespace uvspdy::kube
