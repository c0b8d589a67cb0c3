#pragma once

#include <string>
#include <string_view>

#include "recorded_frame.h"

namespace uvspdy::command {

/// Formats a frame as a line for people, such as "> DATA stream 3, 512 bytes, FIN", in the form of
/// session::to_string; its payload, if it is kept, follows on indented lines.
std::string text_line(const RecordedFrame& frame);

/// Formats a frame as one JSON object on one line of ASCII.
std::string json_line(const RecordedFrame& frame);

/// Formats a peer's bytes for a terminal: printable ASCII as it is, other bytes as \xNN.
std::string escaped(std::string_view text);

/// ">" for client to server, "<" for server to client.
std::string_view arrow(Direction direction);

}  // namespace uvspdy::command
