#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace uvspdy::kube {

/// "peer: text" as one printable line of bounded length, whatever a client has put into the text.
std::string log_line(std::string_view peer, std::string_view text);

/// A command and its arguments, with spaces between them.
std::string command_text(const std::vector<std::string>& words);

}  // namespace uvspdy::kube
