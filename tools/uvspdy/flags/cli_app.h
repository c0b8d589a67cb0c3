#pragma once

// CLI11's classes, without its headers: they take five seconds to compile.
namespace CLI {  // NOLINT(readability-identifier-naming)
class App;
class Option;
}  // namespace CLI
