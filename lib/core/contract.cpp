#include "core/contract.h"

#include <cstdio>
#include <cstdlib>

namespace uvspdy {

void contract_broken(const std::string& what) noexcept {
  std::fprintf(stderr, "uvspdy: %s\n", what.c_str());
  std::abort();
}

}  // namespace uvspdy
