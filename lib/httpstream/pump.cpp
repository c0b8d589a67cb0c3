#include "uvspdy/httpstream/pump.h"

#include <utility>

namespace uvspdy::httpstream {

/// It holds itself until the sink is over.
class Pump::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::unique_ptr<Source> source, std::unique_ptr<Sink> sink, DoneHandler done)
      : source_(std::move(source)), sink_(std::move(sink)), done_(std::move(done)) {}

  void start() {
    self_ = shared_from_this();
    sink_->start([this] { has_room(); }, [this](const Error& error) { sink_over(error); });
    source_->start([this](Piece piece) { take(std::move(piece)); },
                   [this](const Error& error) { source_over(error); });
  }

  void source_over(const Error& how) {
    if (state_ != State::kFlowing) return;
    state_ = State::kEnding;
    if (!how) return sink_->end();
    error_ = how;
    sink_->break_off(how);
  }

  void stop_source() {
    if (state_ == State::kFlowing) source_->discard();
  }

  bool is_blocked() const { return blocked_ && state_ == State::kFlowing; }
  bool source_is_over() const { return state_ != State::kFlowing; }

 private:
  enum class State {
    kFlowing,
    kEnding,  // the source is over; the sink is told, and has to take the rest
    kOver,
  };

  void take(Piece piece) {
    if (state_ != State::kFlowing || sink_->write(std::move(piece))) return;
    blocked_ = true;
    source_->pause();
  }

  void has_room() {
    if (!std::exchange(blocked_, false)) return;
    if (state_ == State::kFlowing) source_->resume();
  }

  void sink_over(const Error& error) {
    if (!error_) error_ = error;
    if (state_ == State::kFlowing) source_->discard();
    state_ = State::kOver;
    const auto keep = std::move(self_);
    const auto source = std::move(source_);
    const auto sink = std::move(sink_);
    done_(error_);
  }

  std::shared_ptr<Impl> self_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Sink> sink_;
  DoneHandler done_;
  State state_ = State::kFlowing;
  bool blocked_ = false;
  Error error_;  // what went wrong first
};

std::shared_ptr<Pump> Pump::start(std::unique_ptr<Source> source, std::unique_ptr<Sink> sink,
                                  DoneHandler done) {
  auto pump =
      std::make_shared<Pump>(Private{}, std::move(source), std::move(sink), std::move(done));
  pump->impl_->start();
  return pump;
}

Pump::Pump(Private, std::unique_ptr<Source> source, std::unique_ptr<Sink> sink, DoneHandler done)
    : impl_(std::make_shared<Impl>(std::move(source), std::move(sink), std::move(done))) {}

Pump::~Pump() = default;

void Pump::break_off(const Error& why) {
  const auto impl = impl_;
  impl->stop_source();
  impl->source_over(why);
}

void Pump::end() {
  const auto impl = impl_;
  impl->stop_source();
  impl->source_over({});
}

bool Pump::is_blocked() const { return impl_->is_blocked(); }
bool Pump::source_is_over() const { return impl_->source_is_over(); }

// ---- a stream's halves

namespace {

class ReaderSource final : public Source {
 public:
  explicit ReaderSource(StreamReader reader) : reader_(std::move(reader)) {}

  void start(DataHandler on_data, EndHandler on_end) override {
    reader_.on_end(std::move(on_end));
    reader_.on_data([on_data = std::move(on_data)](Bytes bytes) { on_data(Piece(bytes)); });
    reader_.resume();
  }
  void pause() override { reader_.pause(); }
  void resume() override { reader_.resume(); }
  void discard() override { reader_.discard(); }

 private:
  StreamReader reader_;
};

class WriterSink final : public Sink {
 public:
  WriterSink(StreamWriter writer, std::shared_ptr<BufferPool> pool)
      : writer_(std::move(writer)), pool_(std::move(pool)) {}

  void start(RoomHandler on_room, OverHandler on_over) override {
    writer_.on_writable(std::move(on_room));
    writer_.on_sent(std::move(on_over));
  }
  bool write(Piece piece) override {
    // A stream that takes nothing any more is over, and on_sent is on its way.
    if (writer_.write(piece.keep(0, pool_.get()))) return true;
    return writer_.writable();
  }
  void end() override { writer_.end(); }
  void break_off(const Error&) override { writer_.end_with_reset(); }

 private:
  StreamWriter writer_;
  std::shared_ptr<BufferPool> pool_;
};

}  // namespace

std::unique_ptr<Source> source_of(StreamReader reader) {
  return std::make_unique<ReaderSource>(std::move(reader));
}

std::unique_ptr<Sink> sink_of(StreamWriter writer, std::shared_ptr<BufferPool> pool) {
  return std::make_unique<WriterSink>(std::move(writer), std::move(pool));
}

}  // namespace uvspdy::httpstream
