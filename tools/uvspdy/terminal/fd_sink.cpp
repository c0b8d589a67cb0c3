#include "terminal/fd_sink.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "terminal/fd_ready.h"
#include "uvspdy/bytes.h"
#include "uvspdy/net/error.h"
#include "uvspdy/net/timer.h"

namespace uvspdy::command {
namespace {

constexpr std::size_t kHighWater = 256 * 1024;

}  // namespace

/// It outlives its FdSink as long as a write is under way.
class FdSink::Writing : public std::enable_shared_from_this<Writing> {
 public:
  Writing(uv_loop_t* loop, uv_file fd, const char* what, FailureHandler on_failure)
      : loop_(loop),
        fd_(fd),
        what_(what),
        on_failure_(std::move(on_failure)),
        writable_(loop, fd, UV_WRITABLE, [this] { try_write(); }),
        later_(loop, [this] { move_on(); }) {}

  void start(RoomHandler on_room, OverHandler on_over) {
    on_room_ = std::move(on_room);
    on_over_ = std::move(on_over);
  }

  bool write(Bytes bytes) {
    if (over_ || bytes.empty()) return true;
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    if (out_.empty()) write_next();
    blocked_ = blocked_ || waiting_.size() + out_.size() - written_ > kHighWater;
    return !blocked_;
  }

  /// `how`: success for an end, else why it breaks off.
  void end(const Error& how) {
    if (over_) return;
    end_ = how;
    if (out_.empty()) later_.schedule();
  }

  void stop() {
    over_ = true;
    // Freed last: objects that the handlers own may call anything.
    const RoomHandler no_room = std::move(on_room_);
    const OverHandler no_over = std::move(on_over_);
    const FailureHandler no_failure = std::move(on_failure_);
  }

 private:
  // Writes all buffered bytes: one vector is written while bytes are gathered in the other.
  void write_next() {
    out_.clear();
    written_ = 0;
    out_.swap(waiting_);
    try_write();
  }

  void try_write() {
    const Bytes rest = Bytes(out_).subspan(written_);
    const uv_buf_t buffer = uv_buf_init(char_pointer(rest), static_cast<unsigned>(rest.size()));
    request_.data = this;
    const int status = uv_fs_write(loop_, &request_, fd_, &buffer, 1, -1, [](uv_fs_t* request) {
      const auto count = static_cast<int>(request->result);
      uv_fs_req_cleanup(request);
      const auto self = std::move(static_cast<Writing*>(request->data)->self_);
      self->have_written(count);
    });
    if (status < 0) return failed(net::uv_error(status, "write to " + what_));
    self_ = shared_from_this();
  }

  void have_written(int count) {
    if (over_) return;
    if (count == UV_EAGAIN) {
      if (const Error error = writable_.wait()) failed(error);
      return;
    }
    if (count < 0) {
      failure_ = net::uv_error(count, "write to " + what_);
      return move_on();
    }
    written_ += static_cast<std::size_t>(count);
    if (written_ < out_.size()) return try_write();
    if (!waiting_.empty()) return write_next();
    out_.clear();
    written_ = 0;
    move_on();
  }

  // From the loop, since this may be inside a call of the sink's user.
  void failed(const Error& error) {
    failure_ = error;
    later_.schedule();
  }

  // Calls the handlers that are due: it has failed, or everything is written.
  void move_on() {
    if (over_) return;
    const auto keep = shared_from_this();
    if (failure_) {
      over_ = true;
      on_failure_(failure_);
      return on_over_(failure_);
    }
    if (!out_.empty()) return;
    if (end_) {
      over_ = true;
      return on_over_(*end_);
    }
    if (std::exchange(blocked_, false)) on_room_();
  }

  uv_loop_t* loop_;
  uv_file fd_;
  std::string what_;
  FailureHandler on_failure_;
  RoomHandler on_room_;
  OverHandler on_over_;
  bool over_ = false;
  bool blocked_ = false;
  std::optional<Error> end_;  // after end() success, after break_off() its reason
  Error failure_;
  std::vector<std::uint8_t> waiting_;
  std::vector<std::uint8_t> out_;  // is being written
  std::size_t written_ = 0;        // of out_
  uv_fs_t request_{};
  std::shared_ptr<Writing> self_;  // while libuv has the request
  FdReady writable_;
  net::Wakeup later_;
};

FdSink::FdSink(uv_loop_t* loop, uv_file fd, const char* what, FailureHandler on_failure)
    : writing_(std::make_shared<Writing>(loop, fd, what, std::move(on_failure))) {}

FdSink::~FdSink() { writing_->stop(); }

void FdSink::start(RoomHandler on_room, OverHandler on_over) {
  writing_->start(std::move(on_room), std::move(on_over));
}
bool FdSink::write(httpstream::Piece piece) { return writing_->write(piece.bytes()); }
void FdSink::end() { writing_->end({}); }
void FdSink::break_off(const Error& why) { writing_->end(why); }

}  // namespace uvspdy::command
