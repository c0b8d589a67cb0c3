#include "kube/protocol/stopping.h"

#include <utility>

namespace uvspdy::kube {

Stopping::Stopping(uv_loop_t* loop)
    : told_(loop, [this] {
        const auto kept = std::move(owner_);
        for (OnceCallback<void()>& done : std::exchange(asked_, {})) done();
      }) {}

void Stopping::begin(OnceCallback<void()> done) {
  begun_ = true;
  if (done) asked_.push_back(std::move(done));
}

void Stopping::nothing_is_left(std::shared_ptr<void> owner) {
  if (asked_.empty()) return;
  owner_ = std::move(owner);
  told_.schedule();
}

}  // namespace uvspdy::kube
