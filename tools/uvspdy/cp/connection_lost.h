#pragma once

#include "uvspdy/error.h"

namespace uvspdy::command {

/// Whether the connection to the server was lost, or not made in time: another attempt may succeed.
/// A refusal by a server or proxy is not counted, because it would be the same at another attempt.
bool is_connection_lost(const Error& error);

}  // namespace uvspdy::command
