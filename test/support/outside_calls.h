#pragma once

#include <utility>

namespace uvspdy::test {

/// Watches promise 2 of the design: no handler runs inside a call that the test makes. Make calls
/// through `during`; let handlers check `holds()`.
class OutsideCalls {
 public:
  template <class Call>
  void during(Call call) {
    ++depth_;
    std::move(call)();
    --depth_;
  }
  bool holds() const { return depth_ == 0; }

 private:
  int depth_ = 0;
};

}  // namespace uvspdy::test
