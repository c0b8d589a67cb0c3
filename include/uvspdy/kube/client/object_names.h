#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "uvspdy/error.h"
#include "uvspdy/export.h"

namespace uvspdy::kube {

/// The names in a list of objects, such as a v1.PodList: one page of it.
struct UVSPDY_EXPORT ObjectNames {
  std::vector<std::string> names{};
  std::string continue_token{};  ///< for the parameter `continue` of the next page; empty: the last
};

/// Parses a list of objects that an API server has answered with, of any kind whose name ends in
/// "List". It keeps nothing but metadata.name of each object and the list's metadata.continue.
/// Errors: kBadList (no list; JSON that is nested more than 64 deep; more than 10,000 objects; a
/// name of more than 253 bytes, or a token of more than 4,096).
UVSPDY_EXPORT Result<ObjectNames> parse_object_names(std::string_view json);

}  // namespace uvspdy::kube
