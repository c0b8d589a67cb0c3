#include "kube/process/environment.h"

#include <uv.h>

#include <array>
#include <cstddef>

namespace uvspdy::kube {

std::string environment_variable(const char* name) {
  std::array<char, 256> first;
  std::size_t size = first.size();
  const int status = uv_os_getenv(name, first.data(), &size);
  if (status == 0) return {first.data(), size};
  if (status != UV_ENOBUFS) return {};
  std::string value(size, '\0');  // libuv counts the NUL here
  if (uv_os_getenv(name, value.data(), &size) != 0) return {};
  value.resize(size);
  return value;
}

std::map<std::string, std::string> environment_variables() {
  std::map<std::string, std::string> variables;
  uv_env_item_t* items = nullptr;
  int count = 0;
  if (uv_os_environ(&items, &count) == 0) {
    for (int i = 0; i < count; ++i) variables[items[i].name] = items[i].value;
    uv_os_free_environ(items, count);
  }
  return variables;
}

std::vector<std::string> environment_of(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> environment;
  environment.reserve(variables.size());
  for (const auto& [name, value] : variables) {
    environment.emplace_back(name).append("=").append(value);
  }
  return environment;
}

}  // namespace uvspdy::kube
