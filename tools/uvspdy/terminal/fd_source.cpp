#include "terminal/fd_source.h"

#include <optional>
#include <string>
#include <utility>

#include "terminal/fd_ready.h"
#include "uvspdy/buffer.h"
#include "uvspdy/bytes.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::command {

/// It outlives its FdSource as long as a read is under way.
class FdSource::Reading : public std::enable_shared_from_this<Reading> {
 public:
  Reading(uv_loop_t* loop, uv_file fd, const char* what, FailureHandler on_failure)
      : loop_(loop),
        fd_(fd),
        what_(what),
        on_failure_(std::move(on_failure)),
        readable_(loop, fd, UV_READABLE, [this] { try_read(); }),
        later_(loop, [this] { give_what_came(); }) {}

  void start(DataHandler on_data, EndHandler on_end) {
    on_data_ = std::move(on_data);
    on_end_ = std::move(on_end);
    read();
  }

  void pause() { paused_ = true; }

  void resume() {
    if (!std::exchange(paused_, false) || over_) return;
    came_ ? later_.schedule() : read();
  }

  void stop() {
    over_ = true;
    // Freed last: objects that the handlers own may call anything.
    const DataHandler no_data = std::move(on_data_);
    const EndHandler no_end = std::move(on_end_);
    const FailureHandler no_failure = std::move(on_failure_);
  }

 private:
  static constexpr std::size_t kBlockSize = 64 * 1024;

  void read() {
    if (std::exchange(reading_, true)) return;
    block_ = pool_.take();
    try_read();
  }

  void try_read() {
    const MutableBytes memory = block_.bytes();
    const uv_buf_t buffer = uv_buf_init(char_pointer(memory), static_cast<unsigned>(memory.size()));
    request_.data = this;
    const int status = uv_fs_read(loop_, &request_, fd_, &buffer, 1, -1, [](uv_fs_t* request) {
      const auto count = static_cast<int>(request->result);
      uv_fs_req_cleanup(request);
      const auto self = std::move(static_cast<Reading*>(request->data)->self_);
      self->have_read(count);
    });
    if (status < 0) return failed(net::uv_error(status, "read " + what_));
    self_ = shared_from_this();
  }

  void have_read(int count) {
    if (over_) return;
    if (count == UV_EAGAIN) {
      if (const Error error = readable_.wait()) failed(error);
      return;
    }
    if (count < 0) {
      came_.emplace(net::uv_error(count, "read " + what_));
    } else {
      came_.emplace(std::exchange(block_, {}).freeze(static_cast<std::size_t>(count)));
    }
    give_what_came();
  }

  // From the loop, since this may be inside a call of the source's user.
  void failed(const Error& error) {
    came_.emplace(error);
    later_.schedule();
  }

  void give_what_came() {
    if (!came_ || paused_ || over_) return;
    const auto keep = shared_from_this();
    reading_ = false;
    const Result<Buffer> piece = *std::exchange(came_, std::nullopt);
    if (piece && !piece->empty()) {
      on_data_(httpstream::Piece(*piece));
      if (!paused_ && !over_) read();
      return;
    }
    over_ = true;
    const Error error = piece ? Error() : piece.error();
    if (error) on_failure_(error);
    on_end_(error);
  }

  uv_loop_t* loop_;
  uv_file fd_;
  std::string what_;
  FailureHandler on_failure_;
  DataHandler on_data_;
  EndHandler on_end_;
  bool paused_ = false;
  bool over_ = false;
  bool reading_ = false;  // a piece was asked for and has not been delivered
  std::optional<Result<Buffer>> came_;
  BufferPool pool_{kBlockSize};
  BufferPool::Block block_;
  uv_fs_t request_{};
  std::shared_ptr<Reading> self_;  // while libuv has the request
  FdReady readable_;
  net::Wakeup later_;
};

FdSource::FdSource(uv_loop_t* loop, uv_file fd, const char* what, FailureHandler on_failure)
    : reading_(std::make_shared<Reading>(loop, fd, what, std::move(on_failure))) {}

FdSource::~FdSource() { reading_->stop(); }

void FdSource::start(DataHandler on_data, EndHandler on_end) {
  reading_->start(std::move(on_data), std::move(on_end));
}
void FdSource::pause() { reading_->pause(); }
void FdSource::resume() { reading_->resume(); }
void FdSource::discard() { reading_->stop(); }

}  // namespace uvspdy::command
