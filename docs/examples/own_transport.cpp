// A session over an embedder's transport: here two ends in one process that give each other their
// bytes. Anything that carries bytes in order can carry SPDY in the same way.

#include <uvspdy/httpstream.h>
#include <uvspdy/net/error.h>
#include <uvspdy/net/timer.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <utility>

using namespace uvspdy;
using namespace uvspdy::httpstream;

namespace {

/// One end. Bytes that it writes are kept until the other end reads. All handlers are called by
/// wakeups, from the loop, as a Transport promises. Any handler may close or destroy this object,
/// so a call of a handler is the last statement of its turn.
class MemoryPipe final : public net::Transport {
 public:
  explicit MemoryPipe(uv_loop_t* loop)
      : loop_(loop), reading_(loop, [this] { deliver(); }), calls_(loop, [this] { call_back(); }) {}
  ~MemoryPipe() override { close({}); }
  MemoryPipe(const MemoryPipe&) = delete;
  MemoryPipe& operator=(const MemoryPipe&) = delete;

  static void join(MemoryPipe& a, MemoryPipe& b) {
    a.other_ = &b;
    b.other_ = &a;
  }

  void set_read_handlers(ReadHandler on_read, EndHandler on_end) override {
    // The old handlers, with the objects that they own, are destroyed last, with the arguments.
    std::swap(on_read_, on_read);
    std::swap(on_end_, on_end);
  }

  void start_reading() override {
    wants_input_ = true;
    reading_.schedule();
  }
  void stop_reading() override { wants_input_ = false; }

  Result<std::size_t> try_write(std::span<const Bytes> spans) override {
    if (other_ == nullptr || shutdown_asked_) return net::uv_error(UV_EPIPE, "write");
    std::size_t taken = 0;
    for (const Bytes span : spans) taken += give(span);
    return taken;
  }

  // The spans stay valid until the handler has run, so they are copied when the other end reads.
  void write(std::span<const Bytes> spans, WriteHandler handler) override {
    if (closed_) return;
    if (shutdown_asked_) {
      return later(
          [handler = std::move(handler)]() mutable { handler(net::uv_error(UV_EPIPE, "write")); });
    }
    for (const Bytes span : spans) {
      waiting_ = span;
      if (!span.empty()) break;
    }
    writing_ = true;
    on_written_ = std::move(handler);
    calls_.schedule();
  }

  void shutdown(DoneHandler handler) override {
    if (closed_) return;
    if (std::exchange(shutdown_asked_, true)) {
      return later([handler = std::move(handler)]() mutable {
        handler(net::uv_error(UV_EALREADY, "shutdown"));
      });
    }
    on_shutdown_ = std::move(handler);
    calls_.schedule();
  }

  void close(CloseHandler handler) override {
    if (std::exchange(closed_, true)) return;
    end_other();
    if (other_ != nullptr) std::exchange(other_, nullptr)->other_ = nullptr;
    on_closed_ = std::move(handler);
    calls_.schedule();
    // An object that a handler owns may destroy this one, so the handlers are destroyed last.
    const ReadHandler read = std::move(on_read_);
    const EndHandler end = std::move(on_end_);
    const WriteHandler written = std::move(on_written_);
    const DoneHandler shut = std::move(on_shutdown_);
    const auto later = std::exchange(later_, {});
  }

  std::string peer() const override { return "the other end"; }
  uv_loop_t* loop() const override { return loop_; }

 private:
  static constexpr std::size_t kCapacity = 64 * 1024;

  // Gives the other end as many bytes as it has room for.
  std::size_t give(Bytes bytes) {
    const std::size_t room = kCapacity - other_->incoming_.size();
    const Bytes fits = bytes.first(std::min(room, bytes.size()));
    other_->incoming_ += text_of(fits);
    if (!fits.empty()) other_->reading_.schedule();
    return fits.size();
  }

  void end_other() {
    if (other_ == nullptr) return;
    other_->ended_ = true;
    other_->reading_.schedule();
    other_->calls_.schedule();  // for a write that waits
  }

  void later(OnceCallback<void()> call) {
    later_.push_back(std::move(call));
    calls_.schedule();
  }

  void deliver() {
    if (!wants_input_ || closed_) return;
    if (const std::string bytes = std::exchange(incoming_, {}); !bytes.empty()) {
      if (other_ != nullptr) other_->calls_.schedule();  // there is room again
      reading_.schedule();                               // the end may follow
      on_read_(bytes_of(bytes));
    } else if (ended_ && !std::exchange(end_told_, true)) {
      on_end_({});
    }
  }

  // Calls one handler a turn.
  void call_back() {
    if (closed_) {
      on_closed_();
    } else if (!later_.empty()) {
      auto next = std::move(later_.front());
      later_.pop_front();
      calls_.schedule();
      next();
    } else if (writing_) {
      Result<std::size_t> taken = net::uv_error(UV_EPIPE, "write");
      if (other_ != nullptr) taken = give(waiting_);
      if (taken && *taken == 0) return;  // until the other end has read
      writing_ = false;
      calls_.schedule();
      on_written_(std::move(taken));
    } else if (shutdown_asked_ && !std::exchange(shut_down_, true)) {
      end_other();
      on_shutdown_({});
    }
  }

  uv_loop_t* loop_;
  MemoryPipe* other_ = nullptr;
  std::string incoming_;
  bool wants_input_ = false;
  bool ended_ = false;
  bool end_told_ = false;
  bool closed_ = false;
  bool shutdown_asked_ = false;
  bool shut_down_ = false;
  bool writing_ = false;
  Bytes waiting_;
  ReadHandler on_read_;
  EndHandler on_end_;
  WriteHandler on_written_;
  DoneHandler on_shutdown_;
  CloseHandler on_closed_;
  std::deque<OnceCallback<void()>> later_;
  net::Wakeup reading_;
  net::Wakeup calls_;
};

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();
  auto here = std::make_unique<MemoryPipe>(loop);
  auto there = std::make_unique<MemoryPipe>(loop);
  MemoryPipe::join(*here, *there);

  // No upgrade is needed here: the first byte is SPDY's.
  const auto server = Connection::create(std::move(there), session::Role::kServer);
  server->on_new_stream([](const std::shared_ptr<Stream>& stream, StreamDecision decision) {
    Pump::start(source_of(stream->take_reader()), sink_of(stream->take_writer()), {});
    decision.accept();
  });
  const auto client = Connection::create(std::move(here), session::Role::kClient);
  client->create_stream({}, [client](Result<std::shared_ptr<Stream>> created) {
    if (!created) return client->close();
    const std::shared_ptr<Stream> stream = *created;
    stream->on_data([](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); });
    stream->on_end([stream, client](const Error&) { client->close(); });
    if (stream->write(Buffer(std::string("hello, memory\n")))) return client->close();
    stream->close();
  });
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? 0 : 1;
}
