#pragma once

#include <string>

namespace uvspdy {

/// Ends the process because its code has used the library in a forbidden way. `what`, one line or
/// more, is written to stderr after "uvspdy: ".
[[noreturn]] void contract_broken(const std::string& what) noexcept;

}  // namespace uvspdy
