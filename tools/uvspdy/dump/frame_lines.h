#pragma once

#include <string>
#include <string_view>

#include "recorded_frame.h"

namespace uvspdy::command {

/// A frame as a line for people, such as "> DATA stream 3, 512 bytes, FIN", in the form of
/// session::to_string; with its payload, when that is there, on indented lines below.
std::string text_line(const RecordedFrame& frame);

/// A frame as one JSON object on one line of ASCII.
std::string json_line(const RecordedFrame& frame);

/// What a peer sent, fit for a terminal: printable ASCII as it is, the rest as \xNN.
std::string escaped(std::string_view text);

/// ">" for client to server, "<" for server to client.
std::string_view arrow(Direction direction);

}  // namespace uvspdy::command
