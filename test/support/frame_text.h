#pragma once

#include <string>

#include "uvspdy/bytes.h"
#include "uvspdy/headers.h"
#include "uvspdy/wire/frame.h"

// The parts of a frame as text for people.

namespace uvspdy::test {

/// Short printable payload in quotes, any other as "N bytes".
std::string payload_text(Bytes payload);

/// "{name: value, name: value}".
std::string headers_text(const Headers& headers);

/// " CLEAR_SETTINGS 4=100 7=65536 PERSIST_VALUE", each part with a space in front.
std::string settings_text(const wire::SettingsFrame& frame);

}  // namespace uvspdy::test
