// Compiled once for the tests of floors 0 to 2 (cpp_pch).
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.h"
#include "uvspdy/session/session.h"
