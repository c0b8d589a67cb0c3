#pragma once

namespace uvspdy::session {

/// What one of several may have of `rest`, which is what the others leave: `times` times of what
/// then remains. This is the dynamic threshold of Choudhury and Hahne, which shares a buffer
/// between queues without counting them. Some always remains for a newcomer.
template <class Size>
constexpr Size share_of_rest(Size rest, Size times) {
  return rest - rest / (times + 1);
}

}  // namespace uvspdy::session
