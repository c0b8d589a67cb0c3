#include "uvspdy/httpstream/pump.h"

#include <string>
#include <utility>

#include "core/contract.h"
#include "uvspdy/session/error.h"

namespace uvspdy::httpstream {

/// It holds itself until the sink is over. Any call of the source or the sink may run users' code,
/// which may end the pump: so the state is consistent before each call, and checked after it.
class UVSPDY_LOCAL Pump::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::unique_ptr<Source> source, std::unique_ptr<Sink> sink, DoneHandler done)
      : source_(std::move(source)), sink_(std::move(sink)), done_(std::move(done)) {}

  void start() {
    const bool from_nothing = source_->is_of_nothing();
    to_nothing_ = sink_->is_of_nothing();
    // Neither would ever call.
    if (from_nothing && to_nothing_) return give_up();
    self_ = shared_from_this();
    sink_->start([this] { room_changed(); }, [this](const Error& error) { sink_over(error); });
    if (from_nothing) return source_over(of_nothing("source"));
    source_->start([this](Piece piece) { take(std::move(piece)); },
                   [this](const Error& error) { source_over(error); });
    room_changed();
  }

  /// Acts as if the source had ended with `how`.
  void declare_over(const Error& how) {
    if (state_ != State::kFlowing) return;
    const auto keep = shared_from_this();
    state_ = State::kEnding;
    error_ = how;
    // With a sink of no stream, only the source calls the pump.
    if (!to_nothing_) source_->discard();
    pass_on(how);
  }

  void give_up() {
    const auto keep = std::move(self_);
    state_ = State::kOver;
    const DoneHandler done = std::move(done_);
    drop_ends();
  }

  bool is_blocked() const { return blocked_ && state_ == State::kFlowing; }
  bool source_is_over() const { return state_ != State::kFlowing; }

 private:
  enum class State {
    kFlowing,
    kEnding,  // the source is over; the sink has still to take the rest
    kOver,
  };

  static Error of_nothing(const char* end) {
    return Error(session::Errc::kStreamClosed,
                 std::string("the ") + end + " of a Pump is a half of no stream");
  }

  void take(Piece piece) {
    if (to_nothing_) return sink_over(of_nothing("sink"));
    if (state_ != State::kFlowing || sink_->write(std::move(piece))) return;
    if (state_ != State::kFlowing) return;
    block();
  }

  void block() {
    blocked_ = true;
    source_->pause();
  }

  void room_changed() {
    // Only its source calls the pump of a sink of no stream.
    if (state_ != State::kFlowing || to_nothing_ || blocked_ != sink_->has_room()) return;
    if (!blocked_) return block();
    blocked_ = false;
    source_->resume();
  }

  void source_over(const Error& how) {
    if (to_nothing_) return sink_over(of_nothing("sink"));
    if (state_ != State::kFlowing) return;
    state_ = State::kEnding;
    error_ = how;
    pass_on(how);
  }

  void pass_on(const Error& how) {
    if (state_ != State::kEnding) return;
    how ? sink_->break_off(how) : sink_->end();
  }

  void sink_over(const Error& error) {
    const auto keep = std::move(self_);
    const bool flowing = std::exchange(state_, State::kOver) == State::kFlowing;
    if (!error_) error_ = error;
    if (flowing) source_->discard();
    const Error how = error_;
    done_(how);
    drop_ends();
  }

  void drop_ends() {
    const auto source = std::move(source_);
    const auto sink = std::move(sink_);
  }

  std::shared_ptr<Impl> self_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Sink> sink_;
  DoneHandler done_;
  State state_ = State::kFlowing;
  bool blocked_ = false;
  bool to_nothing_ = false;
  Error error_;  // the first error
};

std::shared_ptr<Pump> Pump::start(std::unique_ptr<Source> source, std::unique_ptr<Sink> sink,
                                  DoneHandler done) {
  if (!source || !sink) {
    contract_broken(std::string("Pump::start: the ") + (source ? "sink" : "source") + " is null");
  }
  auto pump =
      std::make_shared<Pump>(Private{}, std::move(source), std::move(sink), std::move(done));
  pump->impl_->start();
  return pump;
}

Pump::Pump(Private, std::unique_ptr<Source> source, std::unique_ptr<Sink> sink, DoneHandler done)
    : impl_(std::make_shared<Impl>(std::move(source), std::move(sink), std::move(done))) {}

Pump::~Pump() = default;

void Pump::end() { impl_->declare_over({}); }
void Pump::break_off(const Error& why) { impl_->declare_over(why); }
void Pump::give_up() { impl_->give_up(); }
bool Pump::is_blocked() const { return impl_->is_blocked(); }
bool Pump::source_is_over() const { return impl_->source_is_over(); }

}  // namespace uvspdy::httpstream
