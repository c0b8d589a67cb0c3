#pragma once

#include <memory>
#include <utility>

#include "uvspdy/export.h"

namespace uvspdy::net {

/// What can be given up: implemented by whatever an Attempt stands for.
class UVSPDY_EXPORT Cancellable {
 public:
  virtual ~Cancellable() = default;

  /// Gives up. Never calls the handler from inside.
  virtual void cancel() = 0;
};

/// Something under way that ends with one call of its handler: connecting, a handshake, a dial.
/// From docs/examples/http_requests.cpp:
///
///     void change_our_mind(uv_loop_t* loop, const Url& url) {
///       const net::Attempt attempt = dial(loop, url, [](const Result<Dialed>& dialed) {
///         std::puts(dialed ? "connected" : "given up");
///       });
///       attempt.cancel();  // the handler gets UV_ECANCELED, in a later turn of the loop
///     }
///
/// Copies stand for the same attempt. Letting go of it cancels nothing.
class Attempt {
 public:
  Attempt() = default;
  explicit Attempt(std::weak_ptr<Cancellable> target) : target_(std::move(target)) {}

  /// Gives it up: the handler runs from the loop, once, with UV_ECANCELED. Harmless when the
  /// handler has run already, or when done before. On the loop's thread only.
  void cancel() const {
    if (const auto target = target_.lock()) target->cancel();
  }

 private:
  std::weak_ptr<Cancellable> target_;
};

}  // namespace uvspdy::net
