#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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

/// One end of a pipe inside the process.
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
    handlers_ = std::make_shared<const Handlers>(Handlers{std::move(on_read), std::move(on_end)});
  }
  void start_reading() override {
    reading_ = true;
    schedule();
  }
  void stop_reading() override { reading_ = false; }

  Result<std::size_t> try_write(std::span<const Bytes> spans) override {
    if (!wakeup_) return net::uv_error(UV_ECANCELED, "write");
    std::size_t total = 0;
    for (const Bytes span : spans) {
      const std::size_t count = out_->put(span);
      total += count;
      if (count < span.size()) break;
    }
    return total;
  }
  void write(std::span<const Bytes> spans, WriteHandler handler) override {
    rest_ = spans.front();
    size_ = rest_.size();
    on_written_ = std::move(handler);
    schedule();
  }
  void shutdown(DoneHandler handler) override {
    on_shutdown_ = std::move(handler);
    shut_ = true;
    schedule();
  }
  void close(CloseHandler handler) override {
    if (!wakeup_) return;
    *alive_ = false;
    in_->reader = out_->writer = nullptr;
    in_->capacity = 0;
    out_->ended = true;
    if (out_->reader != nullptr) out_->reader->schedule();
    wakeup_.reset();
    handlers_.reset();
    on_written_ = {};
    if (!handler) return;
    // Told later by a handle of its own.
    auto* told = new_closing(std::move(handler));
    uv_close(told, [](uv_handle_t* closed) {
      const std::unique_ptr<Closing> closing(static_cast<Closing*>(closed->data));
      closing->handler();
    });
  }
  std::string peer() const override { return "pipe"; }
  uv_loop_t* loop() const override { return loop_; }

 private:
  struct Handlers {
    ReadHandler on_read;
    EndHandler on_end;
  };
  struct Closing {
    uv_idle_t idle{};
    CloseHandler handler;
  };

  uv_handle_t* new_closing(CloseHandler handler) {
    auto closing = std::make_unique<Closing>();
    closing->handler = std::move(handler);
    uv_idle_init(loop_, &closing->idle);
    void* handle = &closing->idle;
    closing->idle.data = closing.get();
    (void)closing.release();
    return static_cast<uv_handle_t*>(handle);
  }

  void schedule() {
    if (wakeup_) wakeup_->schedule();
  }

  void turn() {
    const std::shared_ptr<bool> alive = alive_;
    if (on_written_) {
      rest_ = rest_.subspan(out_->put(rest_));
      if (rest_.empty()) std::exchange(on_written_, {})(size_);
      if (!*alive) return;
    }
    if (shut_ && !on_written_) {
      shut_ = false;
      out_->ended = true;
      if (out_->reader != nullptr) out_->reader->schedule();
      if (const DoneHandler handler = std::exchange(on_shutdown_, {})) handler({});
      if (!*alive) return;
    }
    if (!reading_) return;
    const auto handlers = handlers_;
    if (!in_->data.empty()) {
      const std::string piece = in_->data.substr(0, in_->read_size);
      in_->data.erase(0, piece.size());
      if (in_->writer != nullptr) in_->writer->schedule();
      schedule();
      handlers->on_read(bytes_of(piece));
    } else if (in_->ended && !std::exchange(end_told_, true)) {
      handlers->on_end({});
    }
  }

  uv_loop_t* loop_;
  std::shared_ptr<PipeDirection> in_;
  std::shared_ptr<PipeDirection> out_;
  std::unique_ptr<net::Wakeup> wakeup_;  // null once closed
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::shared_ptr<const Handlers> handlers_;
  bool reading_ = false;
  bool end_told_ = false;
  Bytes rest_;
  std::size_t size_ = 0;
  WriteHandler on_written_;
  bool shut_ = false;
  DoneHandler on_shutdown_;
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
