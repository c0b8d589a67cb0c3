#pragma once

// CLI11's class, without its headers: they take five seconds to compile.
namespace CLI {  // NOLINT(readability-identifier-naming)
class App;
}
