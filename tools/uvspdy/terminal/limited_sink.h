#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "uvspdy/callback.h"
#include "uvspdy/httpstream/sink.h"

namespace uvspdy::command {

/// How many bytes several sinks may still take together.
class OutputAllowance {
 public:
  /// `on_used_up` is called once, inside the `write` of the first byte too many.
  OutputAllowance(std::uint64_t bytes, OnceCallback<void()> on_used_up)
      : left_(bytes), on_used_up_(std::move(on_used_up)) {}

  /// How many of these bytes may be written.
  std::size_t take(std::size_t wanted) {
    const std::size_t granted = wanted <= left_ ? wanted : static_cast<std::size_t>(left_);
    left_ -= granted;
    if (granted < wanted && on_used_up_) on_used_up_();
    return granted;
  }

 private:
  std::uint64_t left_;
  OnceCallback<void()> on_used_up_;
};

/// Passes bytes on to another sink as long as the allowance lasts, and drops the rest.
class LimitedSink final : public httpstream::Sink {
 public:
  LimitedSink(std::unique_ptr<httpstream::Sink> to, std::shared_ptr<OutputAllowance> allowance)
      : to_(std::move(to)), allowance_(std::move(allowance)) {}

  void start(RoomHandler on_room, OverHandler on_over) override {
    to_->start(std::move(on_room), std::move(on_over));
  }
  bool write(httpstream::Piece piece) override {
    const std::size_t granted = allowance_->take(piece.size());
    if (granted == piece.size()) return to_->write(std::move(piece));
    return to_->write(httpstream::Piece(piece.bytes().first(granted)));
  }
  bool has_room() const override { return to_->has_room(); }
  void end() override { to_->end(); }
  void break_off(const Error& why) override { to_->break_off(why); }

 private:
  std::unique_ptr<httpstream::Sink> to_;
  std::shared_ptr<OutputAllowance> allowance_;
};

}  // namespace uvspdy::command
