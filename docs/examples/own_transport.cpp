// A session over a transport of the embedder's: here two ends in one process that hand each other
// their bytes. Whatever carries bytes in order can carry SPDY in the same way.

#include <uvspdy/httpstream.h>
#include <uvspdy/net/error.h>
#include <uvspdy/net/timer.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

using namespace uvspdy;
using namespace uvspdy::httpstream;

namespace {

/// One end. What it writes is kept until the other end reads. All handlers are called by wakeups,
/// from the loop, as a Transport promises.
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
    on_read_ = std::move(on_read);
    on_end_ = std::move(on_end);
  }

  void start_reading() override {
    wants_input_ = true;
    reading_.schedule();
  }
  void stop_reading() override { wants_input_ = false; }

  Result<std::size_t> try_write(std::span<const Bytes> spans) override {
    if (other_ == nullptr) return net::uv_error(UV_EPIPE, "write");
    std::size_t taken = 0;
    for (const Bytes span : spans) {
      const std::size_t room = kCapacity - other_->incoming_.size();
      const Bytes fits = span.first(std::min(room, span.size()));
      other_->incoming_ += text_of(fits);
      taken += fits.size();
    }
    if (taken > 0) other_->reading_.schedule();
    return taken;
  }

  // The spans stay valid until the handler has run, so they are taken as the other end reads.
  void write(std::span<const Bytes> spans, WriteHandler handler) override {
    waiting_ = spans.front();
    on_written_ = std::move(handler);
    calls_.schedule();
  }

  void shutdown(DoneHandler handler) override {
    if (other_ != nullptr) {
      other_->ended_ = true;
      other_->reading_.schedule();
    }
    on_shutdown_ = std::move(handler);
    calls_.schedule();
  }

  void close(CloseHandler handler) override {
    if (std::exchange(closed_, true)) return;
    if (other_ != nullptr) {
      other_->ended_ = true;
      other_->reading_.schedule();
      std::exchange(other_, nullptr)->other_ = nullptr;
    }
    on_read_ = {};
    on_end_ = {};
    on_written_ = {};
    on_shutdown_ = {};
    on_closed_ = std::move(handler);
    calls_.schedule();
  }

  std::string peer() const override { return "the other end"; }
  uv_loop_t* loop() const override { return loop_; }

 private:
  static constexpr std::size_t kCapacity = 64 * 1024;

  void deliver() {
    if (!wants_input_ || closed_) return;
    if (const std::string bytes = std::exchange(incoming_, {}); !bytes.empty()) {
      if (other_ != nullptr) other_->calls_.schedule();  // there is room again
      reading_.schedule();                               // the end may stand behind
      return on_read_(bytes_of(bytes));
    }
    if (ended_ && !std::exchange(end_told_, true)) on_end_({});
  }

  void call_back() {
    if (const auto handler = std::exchange(on_closed_, {})) return handler();
    if (on_shutdown_) std::exchange(on_shutdown_, {})({});
    if (!on_written_) return;
    Result<std::size_t> taken = try_write(std::span(&waiting_, 1));
    if (taken && *taken == 0) return;  // until the other end has read
    std::exchange(on_written_, {})(std::move(taken));
  }

  uv_loop_t* loop_;
  MemoryPipe* other_ = nullptr;
  std::string incoming_;
  bool wants_input_ = false;
  bool ended_ = false;
  bool end_told_ = false;
  bool closed_ = false;
  Bytes waiting_;
  ReadHandler on_read_;
  EndHandler on_end_;
  WriteHandler on_written_;
  DoneHandler on_shutdown_;
  CloseHandler on_closed_;
  net::Wakeup reading_;
  net::Wakeup calls_;
};

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();
  auto here = std::make_unique<MemoryPipe>(loop);
  auto there = std::make_unique<MemoryPipe>(loop);
  MemoryPipe::join(*here, *there);

  // Both ends need no upgrade here: the first byte is SPDY's.
  ConnectionOptions echo;
  echo.on_new_stream = [](const std::shared_ptr<Stream>& stream, StreamDecision decision) {
    stream->on_data([stream](Bytes bytes) { (void)stream->write(Buffer::copy_of(bytes)); });
    stream->on_end([stream] { (void)stream->close(); });
    decision.accept();
  };
  Connection::create(std::move(there), session::Role::kServer, std::move(echo));
  const auto client = Connection::create(std::move(here), session::Role::kClient, {});
  client->create_stream({}, [client](Result<std::shared_ptr<Stream>> stream) {
    if (!stream) return client->close();
    (*stream)->on_data([](Bytes bytes) { std::fwrite(bytes.data(), 1, bytes.size(), stdout); });
    (*stream)->on_end([client] { client->close(); });
    (void)(*stream)->write(Buffer(std::string("hello, memory\n")));
    (void)(*stream)->close();
  });
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? 0 : 1;
}
