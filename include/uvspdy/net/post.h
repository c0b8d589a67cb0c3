#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"

namespace uvspdy::net {

/// Lets other threads run functions on a loop's thread. Besides `post`, only the TLS contexts
/// (net/tls.h) and copies of an Error (error.h) and of most Buffers (buffer.h) may be used by any
/// thread. From docs/examples/post_from_threads.cpp:
///
///     void work(int number) {
///       for (int i = 0; i < kLinesEach; ++i) {
///         slots_.acquire();
///         const auto line = std::make_shared<const Line>(
///             "thread " + std::to_string(number) + ", line " + std::to_string(i) + "\n", slots_);
///         if (!poster_->post([this, line] { send(Buffer(line->bytes(), line)); })) return;
///       }
///     }
///
/// A Poster keeps its loop alive until `close`: without that, uv_run never returns. Destroying
/// pointers to it does not close it, so any thread may hold and drop one at any time.
class UVSPDY_EXPORT Poster {
  struct Private {};

 public:
  /// Call on the loop's thread. Errors: libuv's (UV_EMFILE when descriptors run out, ...).
  static Result<std::shared_ptr<Poster>> create(uv_loop_t* loop);

  Poster(Private, const uv_loop_t* loop);  // use `create`
  ~Poster();
  Poster(const Poster&) = delete;
  Poster& operator=(const Poster&) = delete;

  /// Has the loop call `function` and then destroy it, both on the loop's thread and never inside
  /// this call; any thread may call it, also from inside a posted function. Functions run in the
  /// order in which they were posted. They must not throw, and may be move-only. An empty function
  /// is accepted and does nothing.
  ///
  /// Returns true if the function will run, exactly once, provided that the loop runs. Returns
  /// false after `close`: the function does not run, and the calling thread destroys it in this
  /// call.
  bool post(OnceCallback<void()> function);

  /// Accepts no further functions. Those posted before still run, in this turn of the loop or the
  /// next, never inside this call, so no thread waits for one in vain. Does nothing if called
  /// before. Call on the loop's thread; a posted function may.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace uvspdy::net
