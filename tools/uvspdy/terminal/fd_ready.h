#pragma once

#include <uv.h>

#include <memory>

#include "uvspdy/callback.h"
#include "uvspdy/error.h"

/// Waits, once at a time, until a descriptor that somebody else has made non-blocking is ready.
class FdReady {
 public:
  FdReady(uv_loop_t* loop, uv_file fd, int event, uvspdy::Callback<void()> handler);
  ~FdReady();
  FdReady(const FdReady&) = delete;
  FdReady& operator=(const FdReady&) = delete;

  /// Calls the handler, from the loop, when it is. Errors: libuv's, for a descriptor that cannot be
  /// waited for; the handler is not called then.
  uvspdy::Error wait();

 private:
  struct State;
  struct Close {
    void operator()(State* state) const;
  };

  uv_loop_t* loop_;
  uv_file fd_;
  int event_;
  uvspdy::Callback<void()> handler_;
  std::unique_ptr<State, Close> state_;  // once it has waited
};
