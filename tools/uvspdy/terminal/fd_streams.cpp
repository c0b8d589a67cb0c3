#include "terminal/fd_streams.h"

#include <string>
#include <utility>

#include "uvspdy/net/error.h"

using namespace uvspdy;

FdReady::FdReady(uv_loop_t* loop, uv_file fd, int event, std::function<void()> handler)
    : loop_(loop), fd_(fd), event_(event), handler_(std::move(handler)) {}

void FdReady::wait() {
  if (!poll_) {
    poll_ = net::Handle<uv_poll_t>::make();
    uv_poll_init(loop_, poll_.get(), fd_);
    poll_->data = this;
  }
  uv_poll_start(poll_.get(), event_, [](uv_poll_t* poll, int, int) {
    uv_poll_stop(poll);
    static_cast<FdReady*>(poll->data)->handler_();
  });
}

FdReader::FdReader(uv_loop_t* loop, uv_file fd, Handler handler)
    : loop_(loop),
      fd_(fd),
      handler_(std::move(handler)),
      readable_(loop, fd, UV_READABLE, [this] { try_read(); }) {}

void FdReader::read() {
  if (std::exchange(reading_, true)) return;
  block_ = pool_.take();
  try_read();
}

void FdReader::try_read() {
  const MutableBytes memory = block_.bytes();
  const uv_buf_t buffer = uv_buf_init(char_pointer(memory), static_cast<unsigned>(memory.size()));
  request_.data = this;
  uv_fs_read(loop_, &request_, fd_, &buffer, 1, -1, [](uv_fs_t* request) {
    auto* self = static_cast<FdReader*>(request->data);
    const auto count = static_cast<int>(request->result);
    uv_fs_req_cleanup(request);
    if (count == UV_EAGAIN) return self->readable_.wait();
    self->reading_ = false;
    BufferPool::Block block = std::exchange(self->block_, {});
    if (count < 0) return self->handler_(net::uv_error(count, "read standard input"));
    self->handler_(count > 0 ? std::move(block).freeze(static_cast<std::size_t>(count)) : Buffer());
  });
}

FdWriter::FdWriter(uv_loop_t* loop, uv_file fd, Handlers handlers)
    : loop_(loop),
      fd_(fd),
      handlers_(std::move(handlers)),
      writable_(loop, fd, UV_WRITABLE, [this] { write_next(); }) {}

void FdWriter::write(Bytes bytes) {
  if (bytes.empty()) return;
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
  if (writing_.empty()) write_next();
}

void FdWriter::write_next() {
  if (written_ == writing_.size()) {
    writing_.clear();
    writing_.swap(waiting_);
    written_ = 0;
    if (writing_.empty()) return handlers_.on_drained();
  }
  const Bytes rest = Bytes(writing_).subspan(written_);
  const uv_buf_t buffer = uv_buf_init(char_pointer(rest), static_cast<unsigned>(rest.size()));
  request_.data = this;
  uv_fs_write(loop_, &request_, fd_, &buffer, 1, -1, [](uv_fs_t* request) {
    auto* self = static_cast<FdWriter*>(request->data);
    const auto count = static_cast<int>(request->result);
    uv_fs_req_cleanup(request);
    if (count == UV_EAGAIN) return self->writable_.wait();
    if (count < 0) {
      const std::string output = self->fd_ == 1 ? "standard output" : "standard error";
      return self->handlers_.on_failure(net::uv_error(count, "write to " + output));
    }
    self->written_ += static_cast<std::size_t>(count);
    self->write_next();
  });
}
