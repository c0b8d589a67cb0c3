#pragma once

#include <uv.h>

#include <chrono>
#include <memory>
#include <string>

#include "net/thread_check.h"
#include "uvspdy/net/attempt.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::net {

/// The common part of all ways to connect: a handler that is called once, from the loop, with the
/// result; a timeout; and `cancel`. Keeps itself alive until the handler is called.
class Connector : public Cancellable, public std::enable_shared_from_this<Connector> {
 public:
  ~Connector() override = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  /// Begins to connect; call once.
  void start();

  void cancel() override;

 protected:
  /// `target` is for messages.
  Connector(uv_loop_t* loop, std::string target, std::chrono::milliseconds timeout,
            ConnectHandler handler);

  /// Begins to connect. Must not call `finish` from inside.
  virtual void begin() = 0;

  /// Drops everything that is under way, so that nothing calls `finish` afterwards.
  virtual void stop() = 0;

  /// The failures so far, for the message of a timeout; may be empty.
  virtual std::string failures_so_far() const { return {}; }

  /// Calls the handler; only from the loop. May destroy this object.
  void finish(Result<std::unique_ptr<Transport>> result);

  /// Has `finish` called with this error, in a later turn. May be called anywhere.
  void fail_later(Error error);

  uv_loop_t* loop() const { return loop_; }
  const std::string& target() const { return target_; }

 private:
  void time_out();

  uv_loop_t* loop_;
  ThreadCheck thread_;
  std::string target_;
  std::chrono::milliseconds timeout_;
  ConnectHandler handler_;
  Timer timer_;
  Wakeup failed_;
  Error error_;
  std::shared_ptr<Connector> self_;
};

}  // namespace uvspdy::net
