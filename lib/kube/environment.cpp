#include "kube/environment.h"

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

}  // namespace uvspdy::kube
