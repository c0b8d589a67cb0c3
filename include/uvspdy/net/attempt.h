#pragma once

#include <memory>
#include <utility>

#include "uvspdy/export.h"

namespace uvspdy::net {

/// Interface of an operation that an Attempt can cancel.
class UVSPDY_EXPORT Cancellable {
 public:
  virtual ~Cancellable() = default;

  /// Cancels the operation. Never calls its handler from inside.
  virtual void cancel() = 0;
};

/// An operation under way that ends with one call of its handler: connecting, a handshake, a dial.
/// From docs/examples/http_requests.cpp:
///
///     void change_our_mind(uv_loop_t* loop, const Url& url) {
///       const net::Attempt attempt = dial(loop, url, [](const Result<Dialed>& dialed) {
///         std::puts(dialed ? "connected" : "given up");
///       });
///       attempt.cancel();  // the handler gets UV_ECANCELED, in a later turn of the loop
///     }
///
/// Copies stand for the same operation. Destroying them cancels nothing.
class Attempt {
 public:
  Attempt() = default;
  explicit Attempt(std::weak_ptr<Cancellable> target) : target_(std::move(target)) {}

  /// Cancels the operation: its handler is called once, from the loop, with UV_ECANCELED. Does
  /// nothing if the handler was called or the operation cancelled before. Only on the loop's
  /// thread.
  void cancel() const {
    if (const auto target = target_.lock()) target->cancel();
  }

 private:
  std::weak_ptr<Cancellable> target_;
};

}  // namespace uvspdy::net
