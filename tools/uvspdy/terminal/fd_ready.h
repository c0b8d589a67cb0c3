#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"

namespace uvspdy::command {

/// Waits, once at a time, until a descriptor that another process made non-blocking is ready.
class FdReady {
 public:
  FdReady(uv_loop_t* loop, uv_file fd, int event, Callback<void()> handler);
  ~FdReady();
  FdReady(const FdReady&) = delete;
  FdReady& operator=(const FdReady&) = delete;

  /// Calls the handler, from the loop, when the descriptor is ready. Errors: libuv's, for a
  /// descriptor that cannot be polled; the handler is not called then.
  Error wait();

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };

  uv_loop_t* loop_;
  uv_file fd_;
  int event_;
  Callback<void()> handler_;
  std::unique_ptr<State, Close> state_;  // null before the first wait
};

}  // namespace uvspdy::command
