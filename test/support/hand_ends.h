#pragma once

#include <optional>
#include <string>
#include <utility>

#include "uvspdy/httpstream/sink.h"
#include "uvspdy/httpstream/source.h"

namespace uvspdy::test {

/// A Source whose pieces and end a test gives by hand. What happens to it is written into a record
/// that outlives it.
class HandSource final : public httpstream::Source {
 public:
  struct Record {
    DataHandler on_data;
    EndHandler on_end;
    bool paused = false;
    bool discarded = false;
    bool destroyed = false;
  };

  explicit HandSource(Record& record) : record_(record) {}
  ~HandSource() override {
    record_.destroyed = true;
    const DataHandler no_data = std::move(record_.on_data);
    const EndHandler no_end = std::move(record_.on_end);
  }
  HandSource(const HandSource&) = delete;
  HandSource& operator=(const HandSource&) = delete;

  void start(DataHandler on_data, EndHandler on_end) override {
    record_.on_data = std::move(on_data);
    record_.on_end = std::move(on_end);
  }
  void pause() override { record_.paused = true; }
  void resume() override { record_.paused = false; }
  void discard() override { record_.discarded = true; }

 private:
  Record& record_;
};

/// A Sink by hand, likewise.
class HandSink final : public httpstream::Sink {
 public:
  struct Record {
    RoomHandler on_room;
    OverHandler on_over;
    bool room = true;
    std::string written;
    int ends = 0;
    std::optional<Error> broken;
    bool destroyed = false;
  };

  explicit HandSink(Record& record) : record_(record) {}
  ~HandSink() override {
    record_.destroyed = true;
    const RoomHandler no_room = std::move(record_.on_room);
    const OverHandler no_over = std::move(record_.on_over);
  }
  HandSink(const HandSink&) = delete;
  HandSink& operator=(const HandSink&) = delete;

  void start(RoomHandler on_room, OverHandler on_over) override {
    record_.on_room = std::move(on_room);
    record_.on_over = std::move(on_over);
  }
  bool write(httpstream::Piece piece) override {
    record_.written += text_of(piece.bytes());
    return record_.room;
  }
  bool has_room() const override { return record_.room; }
  void end() override { ++record_.ends; }
  void break_off(const Error& why) override { record_.broken = why; }

 private:
  Record& record_;
};

}  // namespace uvspdy::test
