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

/// What all ways to connect have in common: one handler that hears once, from the loop, how it
/// went, a time limit, and being given up. Keeps itself alive until the handler is called.
class Connector : public Cancellable, public std::enable_shared_from_this<Connector> {
 public:
  ~Connector() override = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  /// Begins. Once.
  void start();

  void cancel() override;

 protected:
  /// `target` is for messages.
  Connector(uv_loop_t* loop, std::string target, std::chrono::milliseconds timeout,
            ConnectHandler handler);

  /// Begins to connect; nothing may call `finish` from inside.
  virtual void begin() = 0;

  /// Drops all that is under way. No call of `finish` comes from it any more.
  virtual void stop() = 0;

  /// What has failed so far, for the message of a time limit; may be empty.
  virtual std::string failures_so_far() const { return {}; }

  /// Calls the handler, from the loop. May destroy this object.
  void finish(Result<std::unique_ptr<Transport>> result);

  /// The same, from anywhere, in a later turn.
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
