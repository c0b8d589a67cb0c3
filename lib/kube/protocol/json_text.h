#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace uvspdy::kube {

/// Formats a value as one line of JSON. All JSON of the library is made here, because by default
/// the JSON library throws for text that is not UTF-8; here valid_utf8 says what it becomes.
std::string json_text(const nlohmann::json& value);

}  // namespace uvspdy::kube
