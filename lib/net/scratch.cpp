#include "net/scratch.h"

#include <array>
#include <memory>
#include <vector>

namespace uvspdy::net {
namespace {

struct Pool {
  std::vector<std::unique_ptr<std::array<std::uint8_t, Scratch::kSize>>> pieces;
  std::size_t held = 0;
};

Pool& pool() {
  thread_local Pool instance;
  return instance;
}

}  // namespace

Scratch::Scratch() {
  Pool& from = pool();
  if (from.held == from.pieces.size()) {
    from.pieces.push_back(std::make_unique<std::array<std::uint8_t, kSize>>());
  }
  memory_ = *from.pieces[from.held++];
}

Scratch::~Scratch() { --pool().held; }

}  // namespace uvspdy::net
