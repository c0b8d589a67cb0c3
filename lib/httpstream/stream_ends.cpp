#include <utility>

#include "uvspdy/httpstream/pump.h"

namespace uvspdy::httpstream {
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
  bool is_of_nothing() const override { return !reader_; }

 private:
  StreamReader reader_;
};

class WriterSink final : public Sink {
 public:
  WriterSink(StreamWriter writer, std::shared_ptr<BufferPool> pool)
      : writer_(std::move(writer)), pool_(std::move(pool)) {}

  void start(RoomHandler on_room, OverHandler on_over) override {
    writer_.on_writable_change(std::move(on_room));
    writer_.on_sent(std::move(on_over));
  }
  bool write(Piece piece) override {
    // A stream that takes no more bytes is over, and on_sent will be called.
    if (writer_.write(piece.keep(0, pool_.get()))) return true;
    return writer_.writable();
  }
  bool has_room() const override { return writer_.writable(); }
  void end() override { writer_.end(); }
  void break_off(const Error&) override { writer_.end_with_reset(); }
  bool is_of_nothing() const override { return !writer_; }

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
