#include "uvspdy/callback.h"

#include <cxxabi.h>

#include <cstdlib>
#include <string>

#include "core/contract.h"

namespace uvspdy::detail {
namespace {

std::string name_of(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : type.name();
}

std::string text_of_current_exception() {
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::exception& exception) {
    return exception.what();
  } catch (...) {
    return "not a std::exception";
  }
}

}  // namespace

void exception_left_handler(const std::type_info& handler,
                            const std::type_info& signature) noexcept {
  contract_broken("an exception left a handler: " + text_of_current_exception() +
                  "\n  the handler: " + name_of(handler) + "\n  called as:   " +
                  name_of(signature) + "\nHandlers must not throw; the process ends.");
}

}  // namespace uvspdy::detail
