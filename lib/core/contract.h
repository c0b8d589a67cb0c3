#pragma once

#include <string>

namespace uvspdy {

/// Ends the process: its code has used the library as it must not be used. `what` is one line or
/// more, and goes to stderr behind "uvspdy: ".
[[noreturn]] void contract_broken(const std::string& what) noexcept;

}  // namespace uvspdy
