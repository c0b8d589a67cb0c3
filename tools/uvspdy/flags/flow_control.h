#pragma once

#include "flags/cli_app.h"
#include "uvspdy/session/options.h"

namespace uvspdy::command {

/// Adds --flow-control to a command that talks SPDY.
void add_flow_control(CLI::App& command, session::FlowControl& flow_control);

}  // namespace uvspdy::command
