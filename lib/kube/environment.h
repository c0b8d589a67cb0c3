#pragma once

#include <string>

namespace uvspdy::kube {

/// The value of an environment variable; empty when it is not set. Only for functions that say in
/// their names that they read the environment.
std::string environment_variable(const char* name);

}  // namespace uvspdy::kube
