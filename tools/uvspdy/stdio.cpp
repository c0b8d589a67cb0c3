#include "stdio.h"

#include <utility>

using namespace uvspdy;

FdReader::FdReader(uv_loop_t* loop, uv_file fd, Handler handler)
    : loop_(loop), fd_(fd), handler_(std::move(handler)) {}

void FdReader::read() {
  if (std::exchange(reading_, true)) return;
  block_ = pool_.take();
  const MutableBytes memory = block_.bytes();
  const uv_buf_t buffer = uv_buf_init(char_pointer(memory), static_cast<unsigned>(memory.size()));
  request_.data = this;
  uv_fs_read(loop_, &request_, fd_, &buffer, 1, -1, [](uv_fs_t* request) {
    auto* self = static_cast<FdReader*>(request->data);
    const ssize_t count = request->result;
    uv_fs_req_cleanup(request);
    self->reading_ = false;
    BufferPool::Block block = std::exchange(self->block_, {});
    // What cannot be read (a closed descriptor) has ended.
    self->handler_(count > 0 ? std::move(block).freeze(static_cast<std::size_t>(count)) : Buffer());
  });
}

FdWriter::FdWriter(uv_loop_t* loop, uv_file fd, Handlers handlers)
    : loop_(loop), fd_(fd), handlers_(std::move(handlers)) {}

void FdWriter::write(Bytes bytes) {
  if (failed_ || bytes.empty()) return;
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
    const ssize_t count = request->result;
    uv_fs_req_cleanup(request);
    if (count < 0) {
      self->failed_ = true;
      self->waiting_.clear();
      self->writing_.clear();
      self->written_ = 0;
      return self->handlers_.on_failure(static_cast<int>(count));
    }
    self->written_ += static_cast<std::size_t>(count);
    self->write_next();
  });
}
