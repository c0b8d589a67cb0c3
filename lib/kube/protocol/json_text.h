#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace uvspdy::kube {

/// A value as one line of JSON. All JSON that the library makes is made here: by itself, the JSON
/// library throws for text that is not UTF-8. Such text comes out as valid_utf8 has it.
std::string json_text(const nlohmann::json& value);

}  // namespace uvspdy::kube
