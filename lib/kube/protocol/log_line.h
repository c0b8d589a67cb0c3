#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace uvspdy::kube {

/// Makes a line "peer: text", printable and of bounded length whatever a client put into the text.
std::string log_line(std::string_view peer, std::string_view text);

/// A command and its arguments, with spaces between them.
std::string command_text(const std::vector<std::string>& words);

}  // namespace uvspdy::kube
