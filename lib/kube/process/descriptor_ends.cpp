#include "kube/process/descriptor_ends.h"

#include <chrono>
#include <optional>
#include <utility>

#include "uvspdy/kube/process/pipe_ends.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::kube {
namespace {

using httpstream::Piece;

// How long bytes that were written before a break have to leave.
constexpr std::chrono::seconds kTimeToLeave{10};

Error dropped() { return net::uv_error(UV_ECANCELED, "a pipe was dropped on this side"); }

class DescriptorSource final : public httpstream::Source {
 public:
  explicit DescriptorSource(std::shared_ptr<DescriptorStream> stream)
      : stream_(std::move(stream)) {}
  ~DescriptorSource() override { give_up(); }

  void start(DataHandler on_data, EndHandler on_end) override {
    stream_->start_reading(std::move(on_data), std::move(on_end));
  }
  void pause() override { stream_->pause(); }
  void resume() override { stream_->resume(); }
  void discard() override { give_up(); }

 private:
  void give_up() {
    const auto stream = stream_;
    stream->forget_reader();
    stream->close(dropped());
  }

  const std::shared_ptr<DescriptorStream> stream_;
};

class DescriptorSink final : public httpstream::Sink {
 public:
  DescriptorSink(std::shared_ptr<DescriptorStream> stream, WritingEnd end)
      : stream_(std::move(stream)), end_(end) {}
  ~DescriptorSink() override {
    const auto stream = stream_;
    stream->forget_writer();
    if (end_ == WritingEnd::kCloses) stream->close(dropped());
  }

  void start(RoomHandler on_room, OverHandler on_over) override {
    stream_->start_writing(std::move(on_room),
                           [this, on_over = std::move(on_over)](const Error& how) mutable {
                             over(how, std::move(on_over));
                           });
  }
  bool write(Piece piece) override { return stream_->write(piece); }
  void end() override { stream_->end_writing(); }
  void break_off(const Error& why) override {
    why_ = why;
    stream_->end_writing();
    timer_.emplace(stream_->loop(), [this] {
      stream_->give_up_writing(net::uv_error(UV_ETIMEDOUT, "write to a pipe"));
    });
    timer_->start(kTimeToLeave);
  }

 private:
  void over(const Error& how, OverHandler on_over) {
    timer_.reset();
    if (why_) return on_over(how ? how : why_);
    if (end_ == WritingEnd::kCloses) stream_->close(how);
    on_over(how);
  }

  const std::shared_ptr<DescriptorStream> stream_;
  const WritingEnd end_;
  Error why_;  // of break_off()
  std::optional<net::Timer> timer_;
};

}  // namespace

std::unique_ptr<httpstream::Source> source_of(std::shared_ptr<DescriptorStream> stream) {
  return std::make_unique<DescriptorSource>(std::move(stream));
}

std::unique_ptr<httpstream::Sink> sink_of(std::shared_ptr<DescriptorStream> stream,
                                          WritingEnd end) {
  return std::make_unique<DescriptorSink>(std::move(stream), end);
}

Result<std::unique_ptr<httpstream::Source>> source_of_fd(uv_loop_t* loop, int fd,
                                                         std::shared_ptr<BufferPool> pool) {
  auto stream = DescriptorStream::open(loop, net::Descriptor(fd), std::move(pool));
  if (!stream) return stream.error();
  return source_of(std::move(*stream));
}

Result<std::unique_ptr<httpstream::Sink>> sink_of_fd(uv_loop_t* loop, int fd,
                                                     std::shared_ptr<BufferPool> pool) {
  auto stream = DescriptorStream::open(loop, net::Descriptor(fd), std::move(pool));
  if (!stream) return stream.error();
  return sink_of(std::move(*stream), WritingEnd::kCloses);
}

}  // namespace uvspdy::kube
