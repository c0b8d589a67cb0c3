#include "remote_path.h"

namespace uvspdy::command {

std::string as_argument(std::string_view path) {
  const bool misread = path.starts_with("-") || path.starts_with("@");
  return (misread ? "./" : "") + std::string(path);
}

std::string without_trailing_slashes(std::string_view path) {
  while (path.size() > 1 && path.ends_with("/")) path.remove_suffix(1);
  return std::string(path);
}

std::string parent_of(std::string_view path) {
  const std::string whole = without_trailing_slashes(path);
  const std::size_t slash = whole.rfind('/');
  if (slash == std::string::npos) return ".";
  return without_trailing_slashes(whole.substr(0, slash + 1));
}

std::string base_of(std::string_view path) {
  const std::string whole = without_trailing_slashes(path);
  const std::string base = whole.substr(whole.rfind('/') + 1);
  return base == "." || base == ".." ? "" : base;
}

std::string join(std::string_view folder, std::string_view name) {
  return std::string(folder) + (folder.ends_with("/") ? "" : "/") + std::string(name);
}

}  // namespace uvspdy::command
