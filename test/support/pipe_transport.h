#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"
#include "uvspdy/net/transport.h"

namespace uvspdy::test {

/// One direction of a PipePair, which a test can slow down, cut, and write into.
struct PipeDirection {
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

  std::size_t read_size = 64 * 1024;   ///< the largest piece that is delivered
  std::size_t capacity = 1024 * 1024;  ///< how much is on its way at most
  std::size_t cut_after = kNever;      ///< from this byte on nothing comes but the end
  std::string data;                    ///< on its way
  std::size_t passed = 0;              ///< all that was ever put in
  bool ended = false;
  bool overwritten = false;  ///< a write's bytes were not left alone until the writer was closed
  net::Wakeup* reader = nullptr;
  net::Wakeup* writer = nullptr;

  std::size_t put(Bytes bytes) {
    const std::size_t room = capacity - std::min(capacity, data.size());
    const std::size_t count = std::min(bytes.size(), room);
    const std::size_t kept = std::min(count, cut_after - std::min(cut_after, passed));
    data += text_of(bytes.first(kept));
    passed += kept;
    if (passed >= cut_after) ended = true;
    if (reader != nullptr) reader->schedule();
    return count;
  }
};

/// One end of a pipe inside the process. It promises no more than a Transport must: destroyed
/// before the handler given to close has run, it does not call it; a write may take a part of a
/// span.
class PipeTransport final : public net::Transport {
 public:
  PipeTransport(uv_loop_t* loop, std::shared_ptr<PipeDirection> in,
                std::shared_ptr<PipeDirection> out)
      : loop_(loop),
        in_(std::move(in)),
        out_(std::move(out)),
        wakeup_(std::make_unique<net::Wakeup>(loop, [this] { turn(); })) {
    in_->reader = out_->writer = wakeup_.get();
  }
  ~PipeTransport() override { close({}); }
  PipeTransport(const PipeTransport&) = delete;
  PipeTransport& operator=(const PipeTransport&) = delete;

  void set_read_handlers(ReadHandler on_read, EndHandler on_end) override {
    std::swap(on_read_, on_read);
    std::swap(on_end_, on_end);
  }
  void start_reading() override {
    reading_ = true;
    schedule();
  }
  void stop_reading() override { reading_ = false; }

  Result<std::size_t> try_write(std::span<const Bytes> spans) override {
    if (!wakeup_) return net::uv_error(UV_ECANCELED, "write");
    if (shutdown_asked_) return net::uv_error(UV_EPIPE, "write");
    std::size_t total = 0;
    for (const Bytes span : spans) {
      const std::size_t count = out_->put(span);
      total += count;
      if (count < span.size()) break;
    }
    return total;
  }
  void write(std::span<const Bytes> spans, WriteHandler handler) override {
    if (!wakeup_) return;
    if (shutdown_asked_) {
      return later(
          [handler = std::move(handler)]() mutable { handler(net::uv_error(UV_EPIPE, "write")); });
    }
    for (const Bytes span : spans) {
      rest_ = span;
      if (!span.empty()) break;
    }
    copy_of_rest_ = text_of(rest_);
    on_written_ = std::move(handler);
    writing_ = true;
    schedule();
  }
  void shutdown(DoneHandler handler) override {
    if (!wakeup_) return;
    if (std::exchange(shutdown_asked_, true)) {
      return later([handler = std::move(handler)]() mutable {
        handler(net::uv_error(UV_EALREADY, "shutdown"));
      });
    }
    on_shutdown_ = std::move(handler);
    schedule();
  }
  void close(CloseHandler handler) override {
    if (!wakeup_) return;
    if (writing_ && text_of(rest_) != copy_of_rest_) out_->overwritten = true;
    *alive_ = false;
    in_->reader = out_->writer = nullptr;
    in_->capacity = 0;
    out_->ended = true;
    if (out_->reader != nullptr) out_->reader->schedule();
    wakeup_.reset();
    if (handler) {
      // Told by a handle of its own, which goes when this object does.
      on_closed_ = std::move(handler);
      closing_ = std::make_unique<net::Wakeup>(loop_, [this] { on_closed_(); });
      closing_->schedule();
    }
    // What the handlers own may destroy this object.
    const ReadHandler read = std::move(on_read_);
    const EndHandler end = std::move(on_end_);
    const WriteHandler written = std::move(on_written_);
    const DoneHandler shut = std::move(on_shutdown_);
    const auto later = std::exchange(later_, {});
  }
  std::string peer() const override { return "pipe"; }
  uv_loop_t* loop() const override { return loop_; }

 private:
  void schedule() {
    if (wakeup_) wakeup_->schedule();
  }

  void later(OnceCallback<void()> call) {
    later_.push_back(std::move(call));
    schedule();
  }

  void turn() {
    const std::shared_ptr<bool> alive = alive_;
    while (!later_.empty()) {
      auto next = std::move(later_.front());
      later_.pop_front();
      next();
      if (!*alive) return;
    }
    if (writing_) {
      if (const std::size_t count = out_->put(rest_); count > 0) {
        writing_ = false;
        on_written_(count);
        if (!*alive) return;
      }
    }
    if (shutdown_asked_ && !writing_ && !std::exchange(shut_, true)) {
      out_->ended = true;
      if (out_->reader != nullptr) out_->reader->schedule();
      on_shutdown_({});
      if (!*alive) return;
    }
    if (!reading_) return;
    if (!in_->data.empty()) {
      const std::string piece = in_->data.substr(0, in_->read_size);
      in_->data.erase(0, piece.size());
      if (in_->writer != nullptr) in_->writer->schedule();
      schedule();
      on_read_(bytes_of(piece));
    } else if (in_->ended && !std::exchange(end_told_, true)) {
      on_end_({});
    }
  }

  uv_loop_t* loop_;
  std::shared_ptr<PipeDirection> in_;
  std::shared_ptr<PipeDirection> out_;
  std::unique_ptr<net::Wakeup> wakeup_;  // null once closed
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  ReadHandler on_read_;
  EndHandler on_end_;
  bool reading_ = false;
  bool end_told_ = false;
  Bytes rest_;
  std::string copy_of_rest_;
  bool writing_ = false;
  WriteHandler on_written_;
  bool shutdown_asked_ = false;
  bool shut_ = false;
  DoneHandler on_shutdown_;
  std::deque<OnceCallback<void()>> later_;
  CloseHandler on_closed_;
  std::unique_ptr<net::Wakeup> closing_;
};

struct PipePair {
  std::shared_ptr<PipeDirection> up = std::make_shared<PipeDirection>();  ///< client to server
  std::shared_ptr<PipeDirection> down = std::make_shared<PipeDirection>();
  std::unique_ptr<net::Transport> client;
  std::unique_ptr<net::Transport> server;

  explicit PipePair(uv_loop_t* loop)
      : client(std::make_unique<PipeTransport>(loop, down, up)),
        server(std::make_unique<PipeTransport>(loop, up, down)) {}
};

}  // namespace uvspdy::test
