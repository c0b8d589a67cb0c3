#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"
#include "uvspdy/export.h"

namespace uvspdy::net {

/// Runs functions on a loop's thread for other threads. Beside `post`, only the TLS contexts
/// (net/tls.h), copies of an Error (error.h) and of most Buffers (buffer.h) may be used from any
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
/// It keeps the loop alive until it is closed: `close` it, on the loop's thread, or the loop never
/// ends. Letting go of it closes nothing, so it may be held, and dropped, by any thread at any
/// time.
class UVSPDY_EXPORT Poster {
  struct Private {};

 public:
  /// On the loop's thread. Errors: libuv's (UV_EMFILE when descriptors run out, ...).
  static Result<std::shared_ptr<Poster>> create(uv_loop_t* loop);

  Poster(Private, const uv_loop_t* loop);  // use `create`
  ~Poster();
  Poster(const Poster&) = delete;
  Poster& operator=(const Poster&) = delete;

  /// Has the loop call `function`, and then destroy it, both on the loop's thread; also when called
  /// from there, and from inside a posted function: then in a later turn. Functions run in the
  /// order in which they were posted. They must not throw. They may own what can only be moved. An
  /// empty function is taken, and nothing happens.
  ///
  /// True: it will run, exactly once, if the loop does. False: closed; it does not run, and is
  /// destroyed here, by the calling thread. From any thread.
  bool post(OnceCallback<void()> function);

  /// Takes no more. What was posted before still runs, in the same turn of the loop or the next,
  /// never inside this call, so a thread that waits for it does not wait for ever. Harmless when
  /// done before. On the loop's thread; may be called inside a posted function.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace uvspdy::net
