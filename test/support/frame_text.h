#pragma once

#include <string>

#include "uvspdy/bytes.h"
#include "uvspdy/headers.h"

// The parts of a frame as text for people.

namespace uvspdy::test {

/// Short printable payload in quotes, any other as "N bytes".
std::string payload_text(Bytes payload);

/// "{name: value, name: value}".
std::string headers_text(const Headers& headers);

}  // namespace uvspdy::test
